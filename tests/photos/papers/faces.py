"""Drawn heads: nobody's. With light and shade enough for a detector of faces, with skin, hair and clothes by chance."""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
_SKIN: tuple[Colour, ...] = ((236, 200, 172), (224, 182, 150), (205, 160, 126), (186, 140, 108), (241, 212, 190))
_HAIR: tuple[Colour, ...] = ((28, 24, 24), (46, 36, 32), (88, 84, 84), (170, 168, 166))
_CLOTHES: tuple[Colour, ...] = ((52, 62, 92), (92, 40, 44), (60, 80, 66), (40, 40, 44), (120, 110, 96))


def portrait(
    rng: Random, width: int, height: int, *, behind: Colour = (255, 255, 255), head: float = 0.5
) -> Image.Image:
    """A head with shoulders. `head`: width of the face as a part of the picture's width."""
    big = Image.new("RGB", (width, height), behind)
    put_head(big, rng, width * rng.uniform(0.48, 0.52), height * 0.44, width * head)
    return big


def put_head(image: Image.Image, rng: Random, x: float, y: float, wide: float) -> None:
    """One head: its middle, and the width of its face, in pixels."""
    skin, hair, clothes = rng.choice(_SKIN), rng.choice(_HAIR), rng.choice(_CLOTHES)
    draw = ImageDraw.Draw(image)
    tall = wide * rng.uniform(1.28, 1.4)
    _shoulders(draw, x, y, wide, tall, clothes, skin)
    long_hair = rng.random() < 0.4
    top = y - tall * 0.62
    draw.ellipse((x - wide * 0.57, top, x + wide * 0.57, y + tall * (0.55 if long_hair else 0.1)), fill=hair)
    for side in (-1, 1):
        draw.ellipse(_around(x + side * wide * 0.5, y + tall * 0.02, wide * 0.07, tall * 0.1), fill=_shade(skin, 0.85))
    _face(image, x, y, wide, tall, skin)
    fringe = rng.uniform(0.30, 0.40)
    draw.chord((x - wide * 0.52, top, x + wide * 0.52, top + tall * fringe * 1.5), 180, 360, fill=hair)
    _features(image, rng, x, y, wide, tall, skin, hair)


def _shoulders(
    draw: ImageDraw.ImageDraw, x: float, y: float, wide: float, tall: float, clothes: Colour, skin: Colour
) -> None:
    neck = y + tall * 0.42
    draw.ellipse((x - wide * 1.05, neck + tall * 0.12, x + wide * 1.05, neck + tall * 1.6), fill=clothes)
    draw.rectangle((x - wide * 0.22, neck - tall * 0.1, x + wide * 0.22, neck + tall * 0.24), fill=_shade(skin, 0.8))
    draw.polygon(
        [(x - wide * 0.24, neck + tall * 0.14), (x + wide * 0.24, neck + tall * 0.14), (x, neck + tall * 0.42)],
        fill=_shade(skin, 0.86),
    )


def _face(image: Image.Image, x: float, y: float, wide: float, tall: float, skin: Colour) -> None:
    """The face with light from above left: brighter in the middle, darker towards its rim and below."""
    w, h = int(wide), int(tall)
    across, down = np.meshgrid(np.linspace(-1, 1, w), np.linspace(-1, 1, h))
    inside = across**2 + (down * np.where(down > 0, 1.0, 1.02)) ** 2 <= 1
    light = 1.06 - 0.16 * ((across + 0.2) ** 2 + (down + 0.15) ** 2) - 0.05 * down
    light -= 0.10 * np.exp(-((down + 0.22) ** 2) / 0.012) * (np.exp(-((np.abs(across) - 0.42) ** 2) / 0.05))
    light -= 0.06 * np.exp(-((down - 0.62) ** 2) / 0.004) * np.exp(-(across**2) / 0.06)
    pixels = np.clip(np.array(skin)[None, None, :] * light[..., None], 0, 255).astype(np.uint8)
    mask = Image.fromarray((inside * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(max(0.6, wide / 160)))
    image.paste(Image.fromarray(pixels), (int(x - wide / 2), int(y - tall / 2)), mask)


def _features(
    image: Image.Image, rng: Random, x: float, y: float, wide: float, tall: float, skin: Colour, hair: Colour
) -> None:
    layer = image.copy()
    draw = ImageDraw.Draw(layer)
    for side in (-1, 1):
        ex, ey = x + side * wide * 0.215, y - tall * 0.08
        draw.ellipse(_around(ex, ey, wide * 0.105, tall * 0.038), fill=(238, 234, 228))
        draw.ellipse(_around(ex, ey, wide * 0.044, tall * 0.034), fill=(38, 26, 22))
        draw.arc(
            _around(ex, ey, wide * 0.11, tall * 0.045), 185, 355, fill=_shade(hair, 0.8), width=max(1, int(wide / 50))
        )
        draw.arc(
            _around(ex, ey - tall * 0.075, wide * 0.135, tall * 0.045),
            200,
            340,
            fill=hair,
            width=max(1, int(wide / 32)),
        )
    dark = _shade(skin, 0.72)
    draw.line(
        (x + wide * 0.03, y - tall * 0.05, x + wide * 0.055, y + tall * 0.1),
        fill=_shade(skin, 0.86),
        width=max(1, int(wide / 40)),
    )
    draw.arc(_around(x, y + tall * 0.11, wide * 0.09, tall * 0.035), 20, 160, fill=dark, width=max(1, int(wide / 45)))
    for side in (-1, 1):
        draw.ellipse(
            _around(x + side * wide * 0.045, y + tall * 0.128, wide * 0.02, tall * 0.01), fill=_shade(skin, 0.5)
        )
    mouth = y + tall * 0.245
    draw.ellipse(_around(x, mouth, wide * rng.uniform(0.15, 0.19), tall * 0.034), fill=(178, 96, 90))
    draw.line((x - wide * 0.15, mouth, x + wide * 0.15, mouth), fill=(112, 52, 50), width=max(1, int(wide / 60)))
    image.paste(layer.filter(ImageFilter.GaussianBlur(max(0.5, wide / 200))))
    if rng.random() < 0.2:
        _glasses(ImageDraw.Draw(image), x, y - tall * 0.08, wide)


def _glasses(draw: ImageDraw.ImageDraw, x: float, y: float, wide: float) -> None:
    for side in (-1, 1):
        draw.ellipse(
            _around(x + side * wide * 0.215, y, wide * 0.16, wide * 0.13),
            outline=(40, 40, 44),
            width=max(1, int(wide / 60)),
        )
    draw.line((x - wide * 0.06, y, x + wide * 0.06, y), fill=(40, 40, 44), width=max(1, int(wide / 60)))


def _around(x: float, y: float, half_wide: float, half_tall: float) -> tuple[float, float, float, float]:
    return (x - half_wide, y - half_tall, x + half_wide, y + half_tall)


def _shade(colour: Colour, by: float) -> Colour:
    red, green, blue = (int(min(255, part * by)) for part in colour)
    return red, green, blue
