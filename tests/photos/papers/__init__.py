"""Invented papers and their photographs, by seed: to look at while building (`SEEN`), and only to be scored (`SCORED`)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Random

from PIL import Image

from tests.photos.papers import faces, scenes
from tests.photos.papers.people import invented
from tests.photos.papers.sheets import PAPERS, STRANGERS, Sheet

SEEN = range(10_000)
SCORED = range(1_000_000, 1_010_000)  # nobody looks at a single one of these


@dataclass(frozen=True, slots=True)
class Photographed:
    """One picture, what it shows, and what is to be read on it."""

    kind: str
    says: dict[str, str]
    jpeg: bytes


def sheet(kind: str, seed: int) -> Sheet:
    """The paper alone. `kind`: of PAPERS or STRANGERS."""
    rng = Random(f"{kind}/{seed}")
    return (PAPERS | STRANGERS)[kind](rng, invented(rng))


def photographed(kind: str, level: str, seed: int, *, longest: int = 2016) -> Photographed:
    """The paper as a phone sees it. `level`: clean, easy, normal, hard."""
    paper = sheet(kind, seed)
    return Photographed(
        paper.kind, paper.says, scenes.photographed(paper.image, level, Random(f"{seed}/{level}"), longest=longest)
    )


def portrait(
    seed: int, *, behind: tuple[int, int, int] = (255, 255, 255), heads: int = 1, head: float = 0.5, wide: int = 1240
) -> Image.Image:
    """A portrait of nobody, two inches in shape. `heads`: how many stand in it; `head`: width of a face in the picture's."""
    rng = Random(f"portrait/{seed}")
    tall = wide * 7 // 5
    if heads == 1:
        return faces.portrait(rng, wide, tall, behind=behind, head=head)
    image = Image.new("RGB", (wide, tall), behind)
    for number in range(heads):
        faces.put_head(image, rng, wide * (number + 0.5) / heads, tall * 0.45, wide / heads * 0.45)
    return image
