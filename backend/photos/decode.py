"""The process that opens foreign pictures: `python -m backend.photos.decode`, started and watched by `pool`.

It has no keys, no database, no network to speak of, little memory, and may write no file: a picture that breaks it breaks
nothing else. One JSON line and bytes come in on stdin, one JSON line and bytes go out on stdout. `decoded` is the whole work.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import warnings
from typing import BinaryIO

import pillow_heif
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageFilter, ImageOps

from backend.photos.intake import LONGEST, MOST_PAGES, MOST_PIXELS, PREVIEW, QUALITY, Decoded, Kind
from backend.photos.wording import Refused

MEMORY = 1_400_000_000  # bytes of address space: a picture of 60 megapixels needs less than a gigabyte of it
_PLUGINS = {"jpeg": ("JPEG", "MPO"), "png": ("PNG",), "webp": ("WEBP",), "heif": ("HEIF",)}
_MOST_ENLARGED = 8.0  # a PDF page smaller than a stamp stays small
_GRAIN = 24  # blocks across a masked part: no letter survives


def decoded(data: bytes, kind: Kind, *, whole: bool = False) -> Decoded:
    """Make a picture new; `whole`: with every pixel that it has. Refused: too_big, moving, broken, locked, many_pages."""
    image, pages = _first_page(data) if kind == "pdf" else (_photo(data, kind), 1)
    full = _clean(image, max(image.size) if whole else LONGEST)
    preview = _smaller(full, PREVIEW)
    return Decoded(_jpeg(full), _jpeg(preview), _jpeg(_masked(preview)), full.width, full.height, pages)


def _photo(data: bytes, kind: Kind) -> Image.Image:
    """The picture with its header read and its size allowed; no pixel has been decoded yet."""
    image = Image.open(io.BytesIO(data), formats=_PLUGINS[kind])
    if image.width * image.height > MOST_PIXELS:
        raise Refused("too_big")
    if kind in ("png", "webp") and getattr(image, "n_frames", 1) > 1:
        raise Refused("moving")
    return image


def _first_page(data: bytes) -> tuple[Image.Image, int]:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Refused("locked" if error.err_code == pdfium.FPDF_ERR_PASSWORD else "broken") from None
    pages = len(document)
    if pages > MOST_PAGES:
        raise Refused("many_pages")
    page = document[0]
    longest = max(page.get_size())
    if not 1 <= longest < 100_000:
        raise Refused("broken")
    return page.render(scale=min(LONGEST / longest, _MOST_ENLARGED)).to_pil(), pages


def _clean(image: Image.Image, longest: int) -> Image.Image:
    """Upright, small enough, eight bits, opaque: copied onto an empty sheet, so that nothing but pixels comes along."""
    image = _eight_bits(image)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    image = ImageOps.exif_transpose(image)
    sheet = Image.new("RGB", image.size, "white")
    if image.mode == "RGBA":
        sheet.paste(image, mask=image)
    else:
        sheet.paste(image.convert("RGB"))
    return sheet


def _eight_bits(image: Image.Image) -> Image.Image:
    """Modes that can be made smaller without harm. A JPEG stays as it is: it is made smaller while it is decoded."""
    if image.mode in ("RGB", "RGBA", "L", "CMYK"):
        return image
    exif = image.getexif()
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    else:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.getexif().update(exif)
    return image


def _smaller(image: Image.Image, longest: int) -> Image.Image:
    small = image.copy()
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return small


def _masked(image: Image.Image) -> Image.Image:
    """The lower half made unreadable: where nobody has read the picture yet, that is where numbers and addresses stand."""
    box = (0, image.height // 2, image.width, image.height)
    part = image.crop(box)
    grains = part.resize((_GRAIN, max(1, _GRAIN * part.height // part.width)), Image.Resampling.BOX)
    hidden = image.copy()
    hidden.paste(grains.resize(part.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(6)), box)
    return hidden


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


# --- the process ---


def main() -> None:
    """Serve one picture after the other until stdin ends."""
    heard, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a C library prints does not get between the answers
    _shut_in()
    _tell(told, {"ready": True})
    while line := heard.readline():
        asked = json.loads(line)
        _answer(told, heard.read(asked["size"]), asked["kind"], asked["whole"])


def _shut_in() -> None:
    """Give up what decoding does not need."""
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(what, (most, most))
    os.nice(10)


def _answer(told: BinaryIO, data: bytes, kind: Kind, whole: bool) -> None:
    """Every exception means the same here: hostile bytes raise anything at all out of a decoder."""
    try:
        made = decoded(data, kind, whole=whole)
    except Refused as refused:
        _tell(told, {"refused": refused.reason})
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        _tell(told, {"refused": "too_big"})
    except Exception:  # noqa: BLE001 - whatever the library calls it, the file is broken
        _tell(told, {"refused": "broken"})
    else:
        parts = (made.full, made.preview, made.masked)
        sizes = {"width": made.width, "height": made.height, "pages": made.pages}
        _tell(told, {**sizes, "parts": [len(part) for part in parts]}, *parts)


def _tell(told: BinaryIO, head: dict[str, object], *parts: bytes) -> None:
    told.write(json.dumps(head).encode() + b"\n")
    for part in parts:
        told.write(part)
    told.flush()


if __name__ == "__main__":
    main()
