"""What `yijianshi read-photo` prints: one JSON line a file, in the words of the checklist. Bad files get a line too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from backend.photos.intake import MOST_BYTES
from backend.photos.pool import Decoders
from backend.photos.reading.papers import material_for
from backend.photos.reading.readers import Readers
from backend.photos.reading.result import CODES, Code, ReadPhoto, Unreadable
from backend.photos.wording import Refused

Line = dict[str, Any]
_SECONDS = 120.0  # for one picture: nobody waits on the other side of a command, and the machine may be busy


class _Words(BaseModel):
    """lines.yaml: `says` for each reason, `names` of fields where the line calls them otherwise, `codes` likewise for reasons."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    says: dict[Code, str]
    names: dict[str, str]
    codes: dict[Code, str]


@cache
def _words() -> _Words:
    text = files("backend.photos.reading").joinpath("lines.yaml").read_text("utf-8")
    words = _Words.model_validate(yaml.safe_load(text))
    if missing := set(CODES) - words.says.keys():
        raise ValueError(f"lines.yaml: no sentence for {', '.join(sorted(missing))}")
    return words


def read_files(paths: Sequence[Path]) -> Iterator[Line]:
    """Read these files one after the other, each as it would be if it were handed in."""
    decoders, readers = Decoders(1, seconds=_SECONDS), Readers(1, seconds=_SECONDS)
    try:
        for path in paths:
            yield {"file": str(path), **_line(path, decoders, readers)}
    finally:
        decoders.close()
        readers.close()


def _line(path: Path, decoders: Decoders, readers: Readers) -> Line:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)  # one more than is allowed is enough to be refused
        return as_line(readers.read_now(decoders.decode(data).full))
    except (Refused, Unreadable) as wrong:
        says = wrong.sentence.says if isinstance(wrong, Refused) else _words().says["unreadable"]
    except OSError:
        says = _words().says["bad_file"]
    return {"type": "unknown", "fields": {}, "problems": [{"severity": "hard", "reason": "bad_file", "says": says}]}


def as_line(read: ReadPhoto) -> Line:
    """One picture in the words of the checklist: `type` is its picture's name there."""
    words = _words()
    return {
        "type": material_for(read.kind) or "unknown",
        "fields": {
            words.names.get(field.name, field.name): {
                "value": field.value,
                "checked": field.checked,
                "score": field.score,
            }
            for field in read.fields
        },
        "problems": [
            {
                "severity": "soft" if problem.soft else "hard",
                "reason": words.codes.get(problem.code, problem.code),
                "says": words.says[problem.code],
            }
            for problem in read.problems
        ],
    }
