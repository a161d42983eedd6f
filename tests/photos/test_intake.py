"""What becomes of the bytes that somebody sends: a clean picture or a kind sentence, and nothing else."""

from __future__ import annotations

import io
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PIL import Image

from backend.photos.intake import LONGEST, MOST_BYTES, PREVIEW, Decoded
from backend.photos.pool import Decoders
from backend.photos.wording import Refused, sentences
from tests.photos import pictures


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    decoders = Decoders(1)
    yield decoders
    decoders.close()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG"])


def colour(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    """The mean colour of a small square at this part of the picture."""
    at = (int(image.width * x), int(image.height * y))
    return image.crop((at[0], at[1], at[0] + 8, at[1] + 8)).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))


def is_upright(made: Decoded) -> bool:
    """Red on the left, blue on the right."""
    left, right = colour(opened(made.full), 0.03, 0.02), colour(opened(made.full), 0.95, 0.02)
    return left[0] > 120 > left[2] and right[2] > 120 > right[0]


def refused(decoders: Decoders, data: bytes) -> str:
    with pytest.raises(Refused) as met:
        decoders.decode(data)
    return met.value.reason


# Each is made when its test runs: whoever only collects the tests need not wait for bombs.
BAD = {
    "zero bytes": (lambda: b"", "empty"),
    "a zip named .jpg": (lambda: pictures.zipped(), "not_a_picture"),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "not_a_picture"),
    "GIF": (lambda: pictures.moving("GIF"), "not_a_picture"),
    "HTML": (lambda: b"<!doctype html><p>hello", "not_a_picture"),
    "an error of a platform": (lambda: b'{"errcode":40007,"errmsg":"invalid media_id"}', "not_a_picture"),
    "a TIFF": (lambda: pictures.saved(pictures.scene(), "TIFF"), "not_a_picture"),
    "a JPEG cut short": (lambda: pictures.jpeg()[:-9000], "broken"),
    "a JPEG of its first bytes alone": (lambda: b"\xff\xd8\xff\xe0", "broken"),
    "a PNG cut short": (lambda: pictures.saved(pictures.scene(), "PNG")[:-2000], "broken"),
    "noise behind a JPEG's head": (lambda: b"\xff\xd8\xff\xe0" + os.urandom(5000), "broken"),
    "noise in a HEIF's clothes": (lambda: b"\x00\x00\x00\x18ftypheic" + os.urandom(5000), "broken"),
    "noise in a WEBP's clothes": (lambda: b"RIFF\x00\x10\x00\x00WEBPVP8 " + os.urandom(5000), "broken"),
    "noise in a PDF's clothes": (lambda: b"%PDF-1.7\n" + os.urandom(5000), "broken"),
    "a PNG with a text of 200 MB": (lambda: pictures.png_with_huge_header(), "broken"),
    "a picture of 30000x30000": (lambda: pictures.png_claiming(30_000, 30_000), "too_big"),
    "a picture of 61 megapixels": (lambda: pictures.png_claiming(10_000, 6_100), "too_big"),
    "more than 10 MB": (lambda: pictures.jpeg() + b"\x00" * MOST_BYTES, "too_big"),
    "a PNG that moves": (lambda: pictures.moving("PNG"), "moving"),
    "a WEBP that moves": (lambda: pictures.moving("WEBP"), "moving"),
    "a PDF of 60 pages": (lambda: pictures.pdf(60), "many_pages"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_for_what_it_is_and_the_next_picture_is_taken(name: str, decoders: Decoders) -> None:
    made, reason = BAD[name]
    assert refused(decoders, made()) == reason
    assert is_upright(decoders.decode(pictures.jpeg()))


GOOD = {
    "JPEG": lambda: pictures.jpeg(),
    "progressive JPEG": lambda: pictures.saved(pictures.scene(), "JPEG", progressive=True),
    "JPEG of print shops (CMYK)": lambda: pictures.saved(pictures.scene().convert("CMYK"), "JPEG", quality=90),
    "PNG": lambda: pictures.saved(pictures.scene(), "PNG"),
    "PNG of few colours": lambda: pictures.saved(pictures.scene().quantize(16), "PNG"),
    "PNG one can see through": lambda: pictures.saved(pictures.scene().convert("RGBA"), "PNG"),
    "WEBP": lambda: pictures.saved(pictures.scene(), "WEBP"),
    "HEIC": lambda: pictures.saved(pictures.scene(), "HEIF", quality=80),
    "PDF": lambda: pictures.pdf(1),
    "JPEG with nine megabytes of notes": lambda: pictures.jpeg_with_huge_header(),
    "a page and archive behind a JPEG": lambda: pictures.with_tail(pictures.jpeg()),
    "a photo of a phone held upright": lambda: pictures.photographed_sideways(),
    "a photo of 12 megapixels": lambda: pictures.jpeg(width=4032, height=3024),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_kind_of_picture_comes_out_as_an_upright_jpeg_with_nothing_but_pixels(
    name: str, decoders: Decoders
) -> None:
    made = decoders.decode(GOOD[name]())
    assert is_upright(made)
    assert (made.width, made.height) == opened(made.full).size
    assert max(made.width, made.height) <= LONGEST
    for file in (made.full, made.preview, made.masked):
        image = opened(file)
        assert image.mode == "RGB" and not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert file.endswith(b"\xff\xd9")
        for left_over in (b"TestPhone", "测试人甲".encode(), b"990101", b"<script", b"PK\x03\x04", b"Exif"):
            assert left_over not in file
    assert max(opened(made.preview).size) == max(opened(made.masked).size) == PREVIEW


def test_what_is_kept_whole_has_every_pixel_and_nothing_else(decoders: Decoders) -> None:
    made = decoders.decode(pictures.jpeg(width=4032, height=3024), whole=True)
    image = opened(made.full)
    assert is_upright(made) and sorted(image.size) == [3024, 4032]
    assert not image.getexif() and max(opened(made.preview).size) == PREVIEW


def test_a_document_that_is_locked_says_so(decoders: Decoders) -> None:
    assert refused(decoders, pictures.locked_pdf()) == "locked"


def test_sixteen_bits_a_pixel_keep_their_light_and_dark(decoders: Decoders) -> None:
    image = opened(decoders.decode(pictures.sixteen_bits()).full)
    assert abs(colour(image, 0.2, 0.5)[0] - 31) < 4 and abs(colour(image, 0.8, 0.5)[0] - 218) < 4


def test_what_one_can_see_through_becomes_white_paper(decoders: Decoders) -> None:
    signature = pictures.saved(Image.new("RGBA", (300, 100), (0, 0, 0, 0)), "PNG")
    assert colour(opened(decoders.decode(signature).full), 0.5, 0.5) == (255, 255, 255)


def test_a_document_of_several_pages_gives_its_first_and_says_how_many(decoders: Decoders) -> None:
    made = decoders.decode(pictures.pdf(3))
    assert made.pages == 3 and is_upright(made)


def test_the_masked_picture_shows_nothing_of_the_lower_half(decoders: Decoders) -> None:
    """Stripes as fine as print: in the upper half they are still there, in the lower half no two neighbours differ."""
    stripes = Image.new("L", (1200, 900))
    stripes.putdata([255 if x // 10 % 2 else 0 for _ in range(900) for x in range(1200)])
    masked = opened(decoders.decode(pictures.saved(stripes.convert("RGB"), "JPEG", quality=95)).masked).convert("L")

    def contrast(y: int) -> int:
        row = [masked.getpixel((x, y)) for x in range(masked.width)]
        return max(abs(a - b) for a, b in pairwise(row))

    assert contrast(masked.height // 4) > 60
    assert max(contrast(y) for y in range(masked.height // 2 + 8, masked.height)) < 12


def test_a_bomb_of_900_megapixels_costs_the_server_no_memory(decoders: Decoders) -> None:
    bomb = pictures.png_claiming(30_000, 30_000)
    assert len(bomb) < 150_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        assert refused(decoders, bomb) == "too_big"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_the_largest_picture_allowed_stays_within_the_process_that_decodes_it() -> None:
    own = Decoders(1, seconds=120)  # memory is looked at here, and a busy machine takes its time
    large = pictures.saved(Image.new("RGBA", (9_990, 6_000), (200, 30, 30, 255)), "PNG")
    assert own.decode(large).width == LONGEST
    assert own.decode(large, whole=True).width == 9_990
    peak = _status(own, "VmHWM")
    own.close()
    assert peak < 1_200_000  # kilobytes


def test_a_decode_that_hangs_is_ended_and_the_next_picture_is_taken() -> None:
    own = Decoders(1, seconds=8.0)  # a busy machine may need some for a good picture
    own.decode(pictures.jpeg())
    hung = _pid(own)
    os.kill(hung, signal.SIGSTOP)
    assert refused(own, pictures.jpeg(1)) == "slow"
    assert is_upright(own.decode(pictures.jpeg(2)))
    assert _pid(own) != hung and not os.path.exists(f"/proc/{hung}")
    own.close()


def test_a_document_made_to_keep_the_machine_busy_is_ended() -> None:
    own = Decoders(1, seconds=6.0)
    assert refused(own, pictures.busy_pdf()) == "slow"
    assert is_upright(own.decode(pictures.jpeg()))
    own.close()


def test_a_process_that_dies_over_a_picture_is_replaced() -> None:
    own = Decoders(1)
    own.decode(pictures.jpeg())
    victim = _pid(own)
    os.kill(victim, signal.SIGSTOP)
    threading.Timer(0.5, os.kill, (victim, signal.SIGKILL)).start()
    assert refused(own, pictures.jpeg(1)) == "broken"
    assert is_upright(own.decode(pictures.jpeg(2)))
    own.close()


def test_a_process_is_renewed_after_its_share_of_pictures() -> None:
    own = Decoders(1, pictures=2)
    seen = []
    for seed in range(5):
        own.decode(pictures.jpeg(seed, 300, 200))
        seen.append(_pid(own))
    assert len(set(seen)) == 3
    own.close()


def test_the_decoding_process_knows_no_secret_and_ends_with_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIJIANSHI_MASTER_KEY", "a-secret-of-the-server")
    own = Decoders(1)
    own.decode(pictures.jpeg())
    pid = _pid(own)
    with open(f"/proc/{pid}/environ", "rb") as environment:
        assert b"YIJIANSHI" not in environment.read()
    own.close()
    assert not os.path.exists(f"/proc/{pid}")


def test_pictures_from_many_threads_are_all_decoded() -> None:
    own = Decoders(2)
    made: dict[int, Decoded] = {}

    def work(seed: int) -> None:
        made[seed] = own.decode(pictures.jpeg(seed, 400, 300))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    own.close()
    assert len({one.full for one in made.values()}) == 12


def test_every_sentence_is_short_and_says_what_to_do() -> None:
    for sentence in sentences().values():
        for part in sentence.says.rstrip("。").split("。"):
            assert len(part) <= 25, part


def _pid(decoders: Decoders) -> int:
    """The process of a pool of one that is at rest."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if (decoder := decoders._free.queue[0]) is not None:
            return decoder.pid
    raise AssertionError("no decoding process is at rest")


def _status(decoders: Decoders, name: str) -> int:
    with open(f"/proc/{_pid(decoders)}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))
