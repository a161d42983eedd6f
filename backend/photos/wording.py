"""The sentences of this room, read once from `wording.yaml` and checked against a schema."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Reason = Literal[
    "empty",
    "not_a_picture",
    "broken",
    "moving",
    "locked",
    "many_pages",
    "slow",
    "too_big",
    "incomplete",
    "too_many",
    "too_many_waiting",
    "consent_first",
    "not_found",
    "lost",
    "expired",
    "unfetched",
    "first_page",
]


class Sentence(BaseModel):
    """One reason. `says`: for the person, with what to do next; `status` and `code`: for programs."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    status: int = Field(ge=200, le=499)
    code: str
    says: str


@cache
def sentences() -> dict[Reason, Sentence]:
    text = files("backend.photos").joinpath("wording.yaml").read_text("utf-8")
    found = TypeAdapter(dict[Reason, Sentence]).validate_python(yaml.safe_load(text))
    if missing := set(Reason.__args__) - found.keys():  # type: ignore[attr-defined]
        raise ValueError(f"backend/photos/wording.yaml: no sentence for {', '.join(sorted(missing))}")
    return found


class Refused(Exception):
    """A picture that is not taken, or not shown. It carries its reason and nothing of the picture."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def sentence(self) -> Sentence:
        return sentences()[self.reason]
