"""One picture from bytes to a `ReadPhoto`: the order in which everything else of this room is asked."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from backend.photos.intake import LONGEST, MOST_PIXELS
from backend.photos.reading import extract, portrait, quality
from backend.photos.reading.extract import Found
from backend.photos.reading.faces import Face, Faces
from backend.photos.reading.ocr import Engine, Line, Pixels, Text, try_picture
from backend.photos.reading.papers import fits, known_materials
from backend.photos.reading.result import Box, Code, Kind, Problem, ReadPhoto

_GIBBERISH = 0.85  # mean score below which a picture may stand another way
_OWN = 0.22  # of the picture's shorter side: a smaller face is one printed on a paper
_PHOTO = "photo"  # the picture of the checklist that is a portrait
_ENOUGH = 1500  # pixels of the shorter side: what has twice as many is decoded at half its size
_FEW = 4  # lines of text beside a portrait: a date, a name of the studio
_HARDLY_SEEN = {"blur", "dark"}  # so a card, too, is a face without a word
_LOWER_HALF = Box(0.0, 0.5, 1.0, 0.5)
_BAD = ReadPhoto("unknown", 0.0, problems=(Problem("bad_file"),))


class NotAPicture(Exception):
    """These bytes are no JPEG, or one that is larger than this house keeps."""


class Reader:
    """Models and rules, ready. For one thread."""

    def __init__(self) -> None:
        self._engine = Engine()
        self._faces = Faces()

    def reads(self) -> bool:
        """The picture it is tried with, after everything is loaded: a number that must come out right."""
        number = "".join(line.text for line in self._engine.read(try_picture()).lines)
        return number.replace(" ", "") == "990101199001010000"

    def read(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto:
        """`expected`: the picture of the checklist that was asked for; `region`: a pack's name, for the size of a portrait."""
        try:
            image = opened(picture)
        except NotAPicture:
            return _BAD
        if expected == _PHOTO and _is_portrait(image, faces := self._faces.find(image)):
            return _portrait(image, faces, region)
        text = self._upright(image)
        found, others = _papers(text, expected)
        if found is None and (expected == _PHOTO or len(text.lines) < _FEW):
            faces = self._faces.find(image)
            if expected == _PHOTO or _is_portrait(image, faces) or (faces and not text.lines):
                read = _portrait(image, faces, region)
                if expected == _PHOTO or not _HARDLY_SEEN & {problem.code for problem in read.problems}:
                    return read
        if found is None or not found.readable:
            found = self._second(text, found, expected) or found
        return _read(text, found, others, expected)

    def _upright(self, image: Pixels) -> Text:
        """What stands there; when that is gibberish, the better of it and its other way up. How lines run is seen well enough."""
        text = self._engine.read(image)
        if len(text.lines) < _FEW or text.score >= _GIBBERISH:
            return text
        over = self._engine.read(image, (text.angle // 90 + 2) % 4)
        return max((text, over), key=lambda one: one.score)

    def _second(self, text: Text, first: Found | None, expected: str | None) -> Found | None:
        """The same paper, straightened by its four corners; None if that brings nothing."""
        paper = straightened(text.image)
        if paper is None:
            return None
        flat, back = paper
        again = self._engine.read(flat, turn=0)
        found, _ = _papers(again, expected)
        if found is None or (first is not None and (found.kind != first.kind or found.worth <= first.worth)):
            return None
        return replace(found, lines=tuple(tuple(_laid_back(line, back) for line in lines) for lines in found.lines))


def opened(picture: bytes) -> Pixels:
    """The pixels of a JPEG, at most 2400 of them a side; NotAPicture for anything else. Its header is read before its pixels.

    A picture that was kept whole may be far larger: it is made smaller while it is decoded."""
    try:
        image = Image.open(io.BytesIO(picture), formats=["JPEG"])
        if image.width * image.height > MOST_PIXELS:
            raise NotAPicture
        image.draft("RGB", (_ENOUGH, _ENOUGH))
        image.load()
        image = image if image.mode == "RGB" else image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise NotAPicture from None
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR))


def _is_portrait(image: Pixels, faces: Sequence[Face]) -> bool:
    return bool(faces) and faces[0].w >= _OWN * min(image.shape[:2])


def _portrait(image: Pixels, faces: list[Face], region: str | None) -> ReadPhoto:
    found, wrong = portrait.judge(image, faces, region)
    problems = tuple(Problem(code) for code in wrong)
    readable = all(problem.soft for problem in problems)
    return ReadPhoto("portrait", round(faces[0].score, 3) if faces else 0.0, (), problems, readable, portrait=found)


def _papers(text: Text, expected: str | None) -> tuple[Found | None, tuple[Kind, ...]]:
    """The paper that was asked for if it is among those in the picture, else the surest; and the others."""
    kinds = extract.kinds(text.lines)
    if not kinds:
        return None, ()
    chosen = next((one for one in kinds if expected and fits(one[0], expected)), kinds[0])
    return extract.read(*chosen, text.lines), tuple(kind for kind, _ in kinds if kind != chosen[0])


def _read(text: Text, found: Found | None, others: tuple[Kind, ...], expected: str | None) -> ReadPhoto:
    if found is None:
        return _unknown(text, expected)
    problems: list[Code] = []
    wrong = expected in known_materials() and not fits(found.kind, expected or "")
    if wrong:
        problems = ["wrong_paper"]
    elif not found.readable:
        problems = quality.reasons(text) or ["unreadable"]
    return ReadPhoto(
        found.kind,
        round(found.score, 3),
        found.fields,
        tuple(Problem(code) for code in problems),
        found.readable,
        text.angle,
        _masks(text, found),
        None,
        others,
    )


def _unknown(text: Text, expected: str | None) -> ReadPhoto:
    """No paper that is known. Where one of those was asked for, a legible other one is the wrong one."""
    reasons = quality.reasons(text)
    known = expected is None or expected in known_materials()
    legible = quality.legible(text)
    if legible:  # also where only the large print of a paper out of focus is
        problems: list[Code] = (["blur"] if "blur" in reasons else ["wrong_paper"]) if known else []
    else:
        problems = reasons or (["wrong_paper"] if known else ["unreadable"])
    masks = tuple(_box(line, text) for line in text.lines) if legible else ()
    return ReadPhoto(
        "unknown", 0.0, (), tuple(Problem(code) for code in problems), legible and not known, text.angle, masks
    )


def _masks(text: Text, found: Found) -> tuple[Box, ...]:
    """Names, numbers and addresses. Where one that belongs on this paper was not found, it may stand in any line: all of them are
    covered; where not even what the paper is wanted for could be read, the lower half goes as well."""
    told = [
        (field, lines)
        for field, lines in zip(found.fields, found.lines, strict=True)
        if extract.is_personal(field.name)
    ]
    hidden = [*(line for _, lines in told for line in lines), *extract.with_digits(text.lines)]
    names = [field.value for field, _ in told if field.name.endswith("name")]
    hidden += [line for line in text.lines if any(name in line.text for name in names)]
    if extract.personal_fields(found.kind) - {field.name for field, _ in told}:
        hidden += text.lines
    boxes = dict.fromkeys(_box(line, text) for line in hidden)
    return (*boxes, *(() if found.readable else (_LOWER_HALF,)))


def _box(line: Line, text: Text) -> Box:
    tall, wide = text.image.shape[:2]
    left, upper = np.clip(line.quad.min(axis=0) / (wide, tall), 0, 1)
    right, lower = np.clip(line.quad.max(axis=0) / (wide, tall), 0, 1)
    return Box(*(round(float(part), 4) for part in (left, upper, right - left, lower - upper)))


# --- the second try ---


@dataclass(frozen=True, slots=True, eq=False)
class _Back:
    """From the straightened paper to the picture."""

    matrix: np.ndarray


def straightened(image: Pixels) -> tuple[Pixels, _Back] | None:
    """The paper alone as if seen from above, if its four corners can be made out."""
    corners = _corners(image)
    if corners is None:
        return None
    wide = max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[3] - corners[2]))
    tall = max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]))
    size = (int(wide), int(tall))
    flat = np.array([(0, 0), (wide, 0), (wide, tall), (0, tall)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, flat)
    return cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_CUBIC), _Back(np.linalg.inv(matrix))


def _corners(image: Pixels) -> np.ndarray | None:
    """The corners of the largest four-sided thing that fills a sixth of the picture or more, clockwise from the upper left."""
    by = 500 / max(image.shape[:2])
    small = cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
    light = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2LAB)[..., 0], (5, 5), 0)
    _, bright = cv2.threshold(light, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    edges = cv2.dilate(cv2.Canny(light, 30, 90), np.ones((3, 3), np.uint8))
    area = small.shape[0] * small.shape[1]
    found: list[np.ndarray] = []
    for mask in (bright, 255 - bright, edges):
        for outline in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
            hull = cv2.convexHull(outline)
            four = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True).reshape(-1, 2)
            if len(four) == 4 and area / 6 < cv2.contourArea(four) < area * 0.97:
                found.append(four)
    return _ordered(max(found, key=cv2.contourArea) / by) if found else None


def _ordered(four: np.ndarray) -> np.ndarray:
    total, apart = four.sum(axis=1), four[:, 1] - four[:, 0]
    return four[[total.argmin(), apart.argmin(), total.argmax(), apart.argmax()]].astype(np.float32)


def _laid_back(line: Line, back: _Back) -> Line:
    return replace(line, quad=cv2.perspectiveTransform(line.quad[None], back.matrix)[0].astype(np.float32))
