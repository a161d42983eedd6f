"""What a picture was found to be and to say: the only thing that leaves the reading of a picture.

Plain frozen data that goes through JSON and back (`as_data`, `from_data`). What it says of people is personal: it is kept sealed,
and nothing of it belongs into a log, an address or the arguments of a job.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Kind = Literal[
    "id_front",
    "id_back",
    "household_first",
    "household_own",
    "disability_card",
    "bank_card",
    "social_security_card",
    "dibao_proof",
    "assessment_form",
    "guardian_proof",
    "residence_permit",
    "portrait",
    "unknown",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Code = Literal[
    "bad_file",  # no picture at all
    "wrong_paper",  # another paper than the one that was asked for, or none that is known
    "dark",
    "glare",
    "blur",
    "far",  # the letters are too small
    "cut",  # the paper goes on outside the picture
    "unreadable",  # none of these, and still what the paper says is not to be had
    "no_face",
    "many_faces",
    "not_white",  # behind the head
    "size",  # too few pixels, or not the shape of a portrait, or the head too small or too large in it
]
CODES: tuple[Code, ...] = get_args(Code)
SOFT: frozenset[str] = frozenset({"not_white", "size"})  # only said: a picture with nothing worse is taken


@dataclass(frozen=True, slots=True)
class Box:
    """A place in the upright picture: its upper left corner and its size, as fractions (0..1) of width and height."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class ReadField:
    """One thing that the paper says. `name`: of a fact or of a field of the form (papers.yaml lists them).

    `value`: as the form wants it: numbers without gaps, dates as YYYY-MM-DD (or 长期), `card_level` a digit,
    `card_categories` ids with commas between them. `checked`: borne out by a check digit, or by a second number on the paper;
    nothing else counts. `score` (0..1): of the least certain character. `doubtful`: places in `value` of characters that may be
    another one.
    """

    name: str
    value: str
    checked: bool
    score: float
    doubtful: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a picture is not (quite) good enough. `soft`: worth a word, no reason to take another."""

    code: Code

    @property
    def soft(self) -> bool:
        return self.code in SOFT


@dataclass(frozen=True, slots=True)
class Portrait:
    """What there is to know of a portrait. `faces`: how many, counted up to the point where it no longer matters.

    `face`: the largest; `crop`: what to cut out of the upright picture, in the shape of `width` x `height` pixels that the region
    wants. `white` (0..1): how much of what is behind the head is white. `sharpness`: variance of the Laplacian over the face in a
    picture of that size.
    """

    faces: int
    face: Box | None
    crop: Box | None
    width: int
    height: int
    white: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class ReadPhoto:
    """One picture, read. `score` (0..1): how sure the kind is; 0 for unknown.

    `readable`: what this paper is wanted for could be read (for a portrait: it can be used); problems may stand beside it.
    `problems`: the one that helps most comes first. `angle`: by how many degrees clockwise the picture has to be turned to stand
    upright. `masks`: what a preview for others covers, in the upright picture; none and not readable means: cover the lower half.
    `others`: further papers that lie in the same picture.
    """

    kind: Kind
    score: float
    fields: tuple[ReadField, ...] = ()
    problems: tuple[Problem, ...] = ()
    readable: bool = False
    angle: int = 0
    masks: tuple[Box, ...] = ()
    portrait: Portrait | None = None
    others: tuple[Kind, ...] = ()

    def field(self, name: str) -> ReadField | None:
        return next((field for field in self.fields if field.name == name), None)

    def as_data(self) -> dict[str, Any]:
        """As JSON can hold it; `from_data` makes the same again."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> ReadPhoto:
        """Of what `as_data` gave, also after JSON. KeyError or TypeError for anything else."""
        portrait = data["portrait"]
        return cls(
            kind=data["kind"],
            score=data["score"],
            fields=tuple(ReadField(**{**field, "doubtful": tuple(field["doubtful"])}) for field in data["fields"]),
            problems=tuple(Problem(**problem) for problem in data["problems"]),
            readable=data["readable"],
            angle=data["angle"],
            masks=tuple(Box(**box) for box in data["masks"]),
            portrait=_portrait(portrait) if portrait else None,
            others=tuple(data["others"]),
        )


def _portrait(data: dict[str, Any]) -> Portrait:
    boxes = {name: Box(**data[name]) if data[name] else None for name in ("face", "crop")}
    return Portrait(**{**data, **boxes})


class Unreadable(Exception):
    """The reader gave no answer: `slow` (its time was over), `ended` (its process died), `not_ready`. A person looks instead."""

    def __init__(self, code: Literal["slow", "ended", "not_ready"]) -> None:
        super().__init__(code)
        self.code = code
