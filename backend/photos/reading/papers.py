"""The papers that the desk knows (papers.yaml), and which picture of the checklist each of them is."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, field_validator

from backend.photos.reading.result import KINDS, Kind

As = Literal[
    "name",
    "address",
    "id_number",
    "card_number",
    "bank_number",
    "level",
    "categories",
    "from",
    "to",
    "gender",
    "ethnicity",
]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Field(_Written):
    """One thing that a paper says: what papers.yaml writes on top of itself."""

    name: str
    as_: As
    labels: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    above: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    table: bool = False

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.rstrip("_"))

    @field_validator("patterns")
    @classmethod
    def _one_group(cls, patterns: tuple[re.Pattern[str], ...]) -> tuple[re.Pattern[str], ...]:
        if wrong := [pattern.pattern for pattern in patterns if pattern.groups != 1]:
            raise ValueError(f"the value is the one group of a pattern: {wrong}")
        return patterns


class Paper(_Written):
    """One paper. `number`: the kind of number that it must bear to be taken for one, where words say little."""

    name: str
    material: str
    also: tuple[str, ...] = ()
    anchors: dict[str, int] = {}
    enough: int = 0
    against: tuple[str, ...] = ()
    number: Literal["", "bank_number"] = ""
    labels: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    wanted: tuple[str, ...] = ()
    sizes: dict[str, tuple[int, int]] = {}

    @property
    def every_label(self) -> tuple[str, ...]:
        """All labels, the longest first: 户主姓名 is not 姓名."""
        found = {*self.labels, *(label for field in self.fields for label in field.labels)}
        return tuple(sorted(found, key=len, reverse=True))


@cache
def papers() -> dict[Kind, Paper]:
    """Every paper by its kind. ValueError when papers.yaml names a field it does not have, or forgets a kind."""
    text = files("backend.photos.reading").joinpath("papers.yaml").read_text("utf-8")
    found = TypeAdapter(dict[Kind, Paper]).validate_python(yaml.safe_load(text))
    if missing := set(KINDS) - found.keys() - {"unknown"}:
        raise ValueError(f"papers.yaml: nothing of {', '.join(sorted(missing))}")
    for kind, paper in found.items():
        if wrong := set(paper.wanted) - {field.name for field in paper.fields}:
            raise ValueError(f"papers.yaml: {kind} wants what it does not have: {', '.join(sorted(wrong))}")
    return found


@cache
def known_materials() -> frozenset[str]:
    """The pictures of the checklist that some paper here serves for."""
    return frozenset(material for paper in papers().values() for material in (paper.material, *paper.also))


def material_for(kind: Kind) -> str:
    """The picture of the checklist that this paper is (`id_front`: id_card_front), "" for one that is not known."""
    paper = papers().get(kind)
    return paper.material if paper else ""


def fits(kind: Kind, material: str) -> bool:
    """Whether this paper serves for that picture of the checklist: a social card for a bank card too."""
    paper = papers().get(kind)
    return paper is not None and material in (paper.material, *paper.also)
