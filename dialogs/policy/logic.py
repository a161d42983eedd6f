"""Conditions: all / any / not over {fact, op, value}, three-valued; code.py makes Python functions of
them.

True, False or None (not known). A fact that is missing, or that the person is not sure of, is None. `known` counts
only what has been told; `open` and `doubt` mark where a document leaves it to a person. Nothing here knows a region.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from dialogs.policy.derive import Place
from dialogs.policy.source import Data

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool | None]
PERSON = "person"

Op = Literal["eq", "ne", "in", "gte", "gt", "lte", "lt", "overlaps"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in plain words ({who} is filled by the talk): it `holds` (True), fails (False) or is not known (None).
    `reading`: the id of the reading it rests on where the document itself leaves it open, else ""."""

    document: str
    clause: str
    says: str
    holds: bool | None
    reading: str = ""


class Condition(Data):
    """One condition as written. Exactly one of the first eight says what is tested; the rest says it in words, with
    its clause."""

    use: str | None = None
    all_: tuple[Condition, ...] | None = Field(None, alias="all")
    any_: tuple[Condition, ...] | None = Field(None, alias="any")
    not_: Condition | None = Field(None, alias="not")
    known: Condition | None = None
    doubt: Condition | None = None
    open: Condition | Literal["always"] | None = None
    fact: str | None = None

    op: Op | None = None
    value: Any = None

    clause: str = ""
    reading: str = ""
    holds: str = ""
    fails: str = ""
    unknown: str = ""
    change: str = ""

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        kinds = ("use", "all_", "any_", "not_", "known", "doubt", "open", "fact")
        if sum(getattr(self, kind) is not None for kind in kinds) != 1:
            raise ValueError("write exactly one of use, all, any, not, known, doubt, open, fact")
        if (self.fact is None) != (self.op is None) or (self.op and "value" not in self.model_fields_set):
            raise ValueError("a test of a fact needs fact, op and value")
        if self.op in ("in", "overlaps") and not isinstance(self.value, list):
            raise ValueError(f"“{self.op}” needs a list of values")
        if self.all_ == () or self.any_ == ():
            raise ValueError("the list of conditions is empty")
        return self

    @property
    def spoken(self) -> bool:
        return bool(self.clause or self.holds or self.fails or self.unknown)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A compiled condition. `test`: whether it holds. `asks`: facts that may be asked for it; `reads`: every fact it
    looks at. `written`: the condition itself, with the conditions of its document by name; `place`: where it is looked
    from, when that is not where it is used."""

    test: Test
    asks: frozenset[str]
    reads: frozenset[str]
    written: Condition
    named: Mapping[str, Condition]
    document: str
    place: Place | None
