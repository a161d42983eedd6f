"""The papers that the desk knows (papers.yaml), and which picture of the checklist each of them is."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from backend.photos.reading.result import Kind


class Paper(BaseModel):
    """One paper. `material`: the picture of materials.yaml that it is; `also`: further ones that it serves for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    material: str
    also: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@cache
def papers() -> dict[Kind, Paper]:
    text = files("backend.photos.reading").joinpath("papers.yaml").read_text("utf-8")
    return TypeAdapter(dict[Kind, Paper]).validate_python(yaml.safe_load(text))


def material_for(kind: Kind) -> str:
    """The picture of the checklist that this paper is (`id_front`: id_card_front), "" for one that is not known."""
    paper = papers().get(kind)
    return paper.material if paper else ""


def fits(kind: Kind, material: str) -> bool:
    """Whether this paper serves for that picture of the checklist: a social card for a bank card too."""
    paper = papers().get(kind)
    return paper is not None and material in (paper.material, *paper.also)
