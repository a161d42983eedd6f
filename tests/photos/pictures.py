"""Pictures for tests: made here, of nobody. Good ones in every form a phone sends, and the bad ones that come to every door."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import fpdf
import pillow_heif
from PIL import Image, ImageDraw

pillow_heif.register_heif_opener()

GPS = {1: "N", 2: (34.0, 54.0, 0.0), 3: "E", 4: (108.0, 58.0, 0.0)}
LEFT_HALF, RIGHT_HALF = (200, 30, 30), (30, 30, 200)


def scene(width: int = 1200, height: int = 900, seed: int = 0) -> Image.Image:
    """Red on the left, blue on the right, and a number of lines, so that every seed is another picture."""
    image = Image.new("RGB", (width, height), LEFT_HALF)
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height), fill=RIGHT_HALF)
    for at in range(12):
        y = (at * 67 + seed * 13) % height
        draw.line((0, y, width, height - y), fill=((seed * 29 + at * 20) % 256, 220, 90), width=3)
    return image


def saved(image: Image.Image, form: str, **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


def jpeg(seed: int = 0, width: int = 1200, height: int = 900) -> bytes:
    return saved(scene(width, height, seed), "JPEG", quality=85)


def photographed_sideways() -> bytes:
    """As a phone held upright writes it: pixels lying on their side, a note how to turn them, the place, the owner, a comment."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F], exif[0x013B] = "TestPhone", "测试人甲"
    exif.get_ifd(0x8825).update(GPS)
    lying = scene().transpose(Image.Transpose.ROTATE_90)
    return saved(lying, "JPEG", quality=85, exif=exif, comment="测试人甲 990101199001010018")


def with_tail(data: bytes) -> bytes:
    """A picture that is also a web page and an archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("run.sh", "echo")
    return data + b"<script>alert(1)</script>" + archive.getvalue()


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("photo.jpg", b"\xff\xd8\xff")
    return archive.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A real PNG of this size in one colour of one bit: 30000x30000 pixels weigh about 110 kB."""
    packer = zlib.compressobj(9)
    row = b"\x00" * ((width + 7) // 8 + 1)
    body = b"".join(packer.compress(row * 100) for _ in range(height // 100)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def png_with_huge_header() -> bytes:
    """A small picture behind a text of 200 MB that packs into 200 kB."""
    text = b"Comment\x00\x00" + zlib.compress(b"A" * 200_000_000, 9)
    whole = saved(scene(60, 40), "PNG")
    return whole[:33] + _chunk(b"zTXt", text) + whole[33:]


def jpeg_with_huge_header() -> bytes:
    """Nine megabytes of notes before the picture."""
    whole = saved(scene(), "JPEG")
    note = b"\xff\xe5" + struct.pack(">H", 65535) + b"A" * 65533
    return whole[:2] + note * 140 + whole[2:]


def moving(form: str) -> bytes:
    frames = [scene(200, 150, seed) for seed in range(3)]
    return saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100)


def sixteen_bits() -> bytes:
    """Grey, 16 bits a pixel: dark on the left, light on the right."""
    row = struct.pack("<400H", *([8_000] * 200 + [56_000] * 200))
    return saved(Image.frombytes("I;16", (400, 300), row * 300), "PNG")


def pdf(pages: int) -> bytes:
    first, *rest = [scene(400, 300, seed) for seed in range(pages)]
    return saved(first, "PDF", save_all=True, append_images=rest)


def locked_pdf() -> bytes:
    """A document that opens with a password only."""
    document = fpdf.FPDF()
    document.set_encryption(owner_password="990101", user_password="990101")
    document.add_page()
    return bytes(document.output())


def busy_pdf(width: int = 6_000, height: int = 6_000, times: int = 400) -> bytes:
    """A hundred kilobytes that keep a machine busy for half a minute: one large picture, painted over and over."""
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(b"\x7f" * (width * 3)) for _ in range(height)) + packer.flush()
    image = (
        f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 8/ColorSpace/DeviceRGB"
        f"/Filter/FlateDecode/Length {len(pixels)}"
    ).encode()
    paint = b"q 600 0 0 800 0 0 cm /I Do Q\n" * times
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</XObject<</I 4 0 R>>>>/Contents 5 0 R>>",
        b"<<" + image + b">>stream\n" + pixels + b"\nendstream",
        b"<</Length %d>>stream\n" % len(paint) + paint + b"endstream",
    ]
    out, places = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, part in enumerate(parts, 1):
        places += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    end = b"xref\n0 %d\n" % (len(parts) + 1) + places + b"trailer<</Size %d/Root 1 0 R>>\n" % (len(parts) + 1)
    return out + end + b"startxref\n%d\n%%%%EOF" % len(out)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
