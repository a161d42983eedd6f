"""What a file is, by its first bytes and its length: the only look at foreign bytes that happens in the server itself.

Names and declared types are not believed. Everything else (size in pixels, decoding, making it new) is done by `decode`, in a
process of its own that `pool` watches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backend.photos.wording import Refused

Kind = Literal["jpeg", "png", "webp", "heif", "pdf"]

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 60_000_000
MOST_PAGES = 50  # of a PDF: its first page is taken, and the person is told
LONGEST = 2400  # pixels of the longer side as kept; what may be a portrait is kept as large as it came
PREVIEW = 480  # pixels of the longer side of the small pictures
QUALITY = 88

# Brands of ISO/IEC 23008-12 still pictures coded with HEVC, and the two structural brands that phones write.
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"mif1"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture made new: JPEGs without anything but pixels. `pages`: of the document it came from, 1 for a photo.

    `full`: upright, at most 2400 px unless it was to be kept whole; `preview`: at most 480 px, for its owner; `masked`: the same
    with what may be personal made unreadable, for others. `width`, `height`: of `full`.
    """

    full: bytes
    preview: bytes
    masked: bytes
    width: int
    height: int
    pages: int


def kind_of(data: bytes) -> Kind:
    """What these bytes are, or Refused (empty, too_big, not_a_picture)."""
    if not data:
        raise Refused("empty")
    if len(data) > MOST_BYTES:
        raise Refused("too_big")
    head = data[:16]
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        return "heif"
    if head.startswith(b"%PDF-"):
        return "pdf"
    raise Refused("not_a_picture")
