"""A paper as a phone sees it: lying somewhere, a little turned, in some light. `easy` to `hard`, all by chance of a seed.

12 megapixels are what a phone takes; the desk keeps 2400 pixels of them, so most scenes are made at that size.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Level:
    """How bad it may get. Angles in degrees; blur as sigma in pixels of 2016; `dark`: the darkest light (1 is good light)."""

    tilt: float
    lean: float
    fills: tuple[float, float]
    blur: tuple[float, float]
    dark: float
    shadow: float
    noise: float
    quality: tuple[int, int]
    turned: float


LEVELS = {
    "clean": Level(0, 0, (0.94, 0.98), (0, 0.2), 1.0, 0.0, 0, (90, 95), 0.0),
    "easy": Level(3, 0.01, (0.8, 0.92), (0, 0.5), 0.9, 0.1, 2, (75, 90), 0.0),
    "normal": Level(8, 0.035, (0.65, 0.9), (0.3, 1.1), 0.7, 0.35, 5, (55, 85), 0.25),
    "hard": Level(20, 0.1, (0.42, 0.75), (1.2, 2.7), 0.4, 0.6, 12, (35, 55), 0.25),
}


def photographed(sheet: Image.Image, level: str, rng: Random, *, longest: int = 2016) -> bytes:
    """This sheet on a table, as JPEG. `longest`: pixels of the longer side."""
    how = LEVELS[level]
    size = (longest, longest * 3 // 4) if sheet.width > sheet.height else (longest * 3 // 4, longest)
    pixels = _laid(np.asarray(sheet), size, how, rng)
    pixels = _lit(pixels, how, rng)
    if (sigma := rng.uniform(*how.blur) * longest / 2016) > 0.2:
        pixels = cv2.GaussianBlur(pixels, (0, 0), sigma)
    if how.noise:
        pixels = cv2.add(pixels, cv2.merge([_chance(pixels.shape[:2], how.noise, rng)] * 3), dtype=cv2.CV_8U)
    if rng.random() < how.turned:
        pixels = np.rot90(pixels, rng.choice((1, 2, 3)))
    return jpeg(Image.fromarray(pixels), rng.randint(*how.quality))


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def side_by_side(first: Image.Image, second: Image.Image) -> Image.Image:
    """Two papers on one sheet, one below the other, as a copy shows both sides of a card."""
    wide = max(first.width, second.width)
    sheet = Image.new("RGB", (int(wide * 1.2), int((first.height + second.height) * 1.15)), (245, 245, 243))
    sheet.paste(first, (int(wide * 0.1), int(first.height * 0.08)))
    sheet.paste(second, (int(wide * 0.1), int(first.height * 1.15)))
    return sheet


def _laid(sheet: Pixels, size: tuple[int, int], how: Level, rng: Random) -> Pixels:
    """The sheet on a table, seen a little from the side."""
    wide, tall = size
    scale = rng.uniform(*how.fills) * min(wide / sheet.shape[1], tall / sheet.shape[0])
    half = np.array([sheet.shape[1], sheet.shape[0]]) * scale / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    lean = np.array([[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(4)]) * how.lean * half.max()
    angle = np.radians(rng.uniform(-how.tilt, how.tilt))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shape = (corners + lean) @ turn.T
    shape *= min(1.0, 0.97 / max(np.abs(shape[:, 0]).max() * 2 / wide, np.abs(shape[:, 1]).max() * 2 / tall))
    room = np.array([wide, tall]) / 2 - np.abs(shape).max(axis=0)
    shape += np.array([wide, tall]) / 2 + room * [rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8)]
    there = shape.astype(np.float32)
    here = np.array([(0, 0), (sheet.shape[1], 0), (sheet.shape[1], sheet.shape[0]), (0, sheet.shape[0])], np.float32)
    matrix = cv2.getPerspectiveTransform(here, there)
    small = sheet if scale > 0.7 else cv2.GaussianBlur(sheet, (0, 0), 0.35 / scale)
    laid = cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_CUBIC)
    mask = cv2.warpPerspective(np.full(sheet.shape[:2], 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    return cv2.blendLinear(laid, _table(size, rng), mask.astype(np.float32) / 255, 1 - mask.astype(np.float32) / 255)


def _table(size: tuple[int, int], rng: Random) -> Pixels:
    """Wood, cloth or stone: stripes and grain in one colour."""
    colour = rng.choice(((120, 84, 54), (74, 76, 82), (150, 140, 128), (58, 70, 66), (172, 120, 84)))
    coarse = _chance((rng.choice((6, 60)), 24), 14, rng)
    grain = cv2.add(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), _chance((size[1], size[0]), 4, rng))
    return cv2.add(np.full((size[1], size[0], 3), colour, np.uint8), cv2.merge([grain] * 3), dtype=cv2.CV_8U)


def _chance(shape: tuple[int, ...], spread: float, rng: Random) -> npt.NDArray[np.int16]:
    noise = np.empty(shape, np.int16)
    cv2.setRNGSeed(rng.randrange(2**31))
    return cv2.randn(noise, 0, spread)


def _lit(pixels: Pixels, how: Level, rng: Random) -> Pixels:
    """Light that falls off to one side, and the shadow of a hand."""
    across, down = np.meshgrid(np.linspace(-1, 1, 160), np.linspace(-1, 1, 120))
    angle = rng.uniform(0, 2 * np.pi)
    fall = 0.24 * (1 - how.dark) * (across * np.cos(angle) + down * np.sin(angle))
    light = rng.uniform(how.dark, 1.0) * (1 - fall)
    if rng.random() < how.shadow:
        edge = across * np.cos(angle + 1) + down * np.sin(angle + 1) - rng.uniform(-0.2, 0.5)
        light = light * (1 - how.shadow * 0.6 / (1 + np.exp(-edge * 18)))
    warm = np.array([1.0, 1.0 - rng.uniform(0, 0.05), 1.0 - rng.uniform(0, 0.12)])
    size = (pixels.shape[1], pixels.shape[0])
    lamp = cv2.resize((light[..., None] * warm).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(pixels, lamp, dtype=cv2.CV_8U)
