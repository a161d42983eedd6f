"""A reader for talks that are written down: each picture has a colour, and the talk says what is read on it."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from backend.photos.reading import Problem, ReadField, ReadPhoto, Unreadable
from backend.photos.reading.result import SOFT
from tests.photos import pictures
from tests.photos.test_readings import ByHeart
from tests.talks.runner import CHECKED

_STEPS = (20, 75, 130, 185, 240)


def picture(number: int, run: int) -> bytes:
    """The picture of this number (1 to 125). `run`: so that two talks have two pictures."""
    colour = tuple(_STEPS[number // 5**at % 5] for at in range(3))
    image = Image.new("RGB", (640, 480), colour)  # type: ignore[arg-type]
    image.putpixel((run % 640, run // 640), (0, 0, 0))
    return pictures.saved(image, "JPEG", quality=95)


class ByColour(ByHeart):
    """Knows what is on the picture of each number; `knows` is told anew for each talk."""

    def __init__(self) -> None:
        super().__init__()
        self.knows: dict[int, ReadPhoto | None] = {}

    async def read(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto:
        colour = Image.open(io.BytesIO(picture)).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        assert isinstance(colour, tuple)
        near = [min(range(5), key=lambda at, c=c: abs(_STEPS[at] - c)) for c in colour]  # type: ignore[misc]
        found = self.knows[near[0] + 5 * near[1] + 25 * near[2]]
        if found is None:
            raise Unreadable("slow")
        return found

    def learn(self, moves: list[dict[str, Any]]) -> None:
        """What this talk says of each of its pictures."""
        self.knows, count = {}, 0
        for move in moves:
            count += move.get("photo", 0) if isinstance(move.get("photo"), int) else 0
            if "read" in move:
                self.knows[move["read"].get("photo", count)] = _read(move["read"])


def _read(what: dict[str, Any]) -> ReadPhoto | None:
    if what.get("failed"):
        return None
    problems = tuple(Problem(code) for code in what.get("problems", ()))
    doubtful = what.get("doubtful", {})
    fields = tuple(
        ReadField(name, str(value), name in CHECKED, 0.95, tuple(doubtful.get(name, ())))
        for name, value in what.get("fields", {}).items()
    )
    readable = all(one.code in SOFT for one in problems)
    return ReadPhoto(what["kind"], 0.9, fields, problems, readable, others=tuple(what.get("others", ())))
