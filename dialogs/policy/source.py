"""YAML text into checked models, with errors that a keeper of policy can act on: file, line, what is wrong, what to
do.

No file is opened here; the caller brings the text. Anchors and aliases are refused (they can blow up a small text),
so are repeated keys, deep nesting and texts over `MOST_CHARACTERS`; nothing but plain values can be written.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml._yaml import CParser
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

MOST_CHARACTERS = 1_000_000
MOST_DEPTH = 40

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class Data(BaseModel):
    """A piece of policy as written: no unknown keys, unchangeable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicyError(ValueError):
    """A text of policy that cannot be used. `file`: its name; `line`: counted from 1 (0: the whole text); `do`:
    what to do."""

    def __init__(self, file: str, line: int, wrong: str, do: str) -> None:
        super().__init__(f"{file}, line {line}: {wrong}. {do}" if line else f"{file}: {wrong}. {do}")
        self.file, self.line, self.wrong, self.do = file, line, wrong, do


def as_text(file: str, written: bytes) -> str:
    """A file of policy as text. Raises PolicyError for one that is not UTF-8."""
    try:
        return written.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = written[: wrong.start].count(b"\n") + 1
        raise PolicyError(
            file, line, "this is no UTF-8 text", "Save the file as UTF-8 (not GBK) and try again."
        ) from None


class _Loader(Composer, CParser, SafeConstructor, Resolver):
    """A safe loader that refuses aliases and deep nesting before they cost anything. libyaml reads the signs: every start of
    the server and every test reads all packs, and in Python alone that takes six times as long."""

    file = ""
    depth = 0

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        line = event.start_mark.line + 1 if event and event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise PolicyError(
                self.file, line, "an anchor (&) or alias (*) is used", "Write the values out; name shared conditions."
            )
        if self.depth >= MOST_DEPTH:
            raise PolicyError(self.file, line, f"nested deeper than {MOST_DEPTH}", "Split it into named conditions.")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except PolicyError:
            raise
        except ValueError:
            wrong = f"“{node.value}” cannot be read"
            raise PolicyError(self.file, node.start_mark.line + 1, wrong, "Check dates and numbers.") from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise PolicyError(self.file, key.start_mark.line + 1, f"“{name}” is written twice", "Keep one of them.")
            seen.add(name)
        return super().construct_mapping(node, deep)


class Source:
    """One text of policy: its values, and the line on which each of them stands."""

    def __init__(self, file: str, text: str) -> None:
        if len(text) > MOST_CHARACTERS:
            raise PolicyError(file, 0, f"longer than {MOST_CHARACTERS} characters", "Split the file.")
        self.file = file
        try:
            loader = _Loader(text)
            loader.file = file
            self.node = loader.get_single_node()
            self.values = loader.construct_document(self.node) if self.node else {}
        except yaml.YAMLError as problem:
            raise _badly_written(file, problem) from None

    def line(self, path: Sequence[str | int]) -> int:
        """The line of the value at `path`, or of the nearest thing around it that is written."""
        node, line = self.node, 1
        for step in path:
            found = _child(node, step)
            if found is None:
                continue
            line, node = found
        return line

    def error(self, path: Sequence[str | int], wrong: str, do: str) -> PolicyError:
        return PolicyError(self.file, self.line(path), wrong, do)

    def read(self, model: type[Model]) -> Model:
        """The values as `model`. Raises PolicyError for the first thing that does not fit."""
        try:
            return model.model_validate(self.values)
        except ValidationError as problem:
            first = min(problem.errors(), key=lambda one: one["type"] != "extra_forbidden")
            where = ".".join(str(step) for step in first["loc"])
            raise self.error(first["loc"], f"“{where}”: {first['msg']}", "Correct this entry.") from None


def _badly_written(file: str, problem: yaml.YAMLError) -> PolicyError:
    mark = getattr(problem, "problem_mark", None)
    line = mark.line + 1 if mark else 0
    wrong = getattr(problem, "problem", None) or str(problem)
    return PolicyError(file, line, f"not readable as YAML ({wrong})", "Check indentation, colons and quotes there.")


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if str(key.value) == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        value = node.value[step]
        return value.start_mark.line + 1, value
    return None
