"""Why a paper could not be read. What could be read decides whether a picture is good; pixels are only asked for the reason."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from backend.photos.reading.ocr import Pixels, Text
from backend.photos.reading.result import Code

# Measured on photographs of papers at 1600 pixels: the fifth of a hundred good ones lies at these figures.
_AT = 1600
_SHARP = 7.4  # the 97th of a hundred tiles, by the strength of its edges
_SPOT = 0.997  # where no text was found: a paper so far away covers no more tiles than this leaves
_BRIGHT = 67.0  # mean grey
_TALL = 30.0  # pixels: half of what is lower is misread
_TINY = 22.0  # pixels: hardly anything is read
_RIM = 8.0  # pixels from the frame: text there goes on outside
_WHITE, _GLARING = 250, 0.12  # a spot of this brightness over so much of the text hides some of it
_PALE = 225  # half of the rest of the paper is darker than this, or it is white itself
_LEGIBLE = 0.9  # mean score of text that was read, whatever it says
_ENOUGH_TEXT = 12  # characters by which a paper can be judged


def reasons(text: Text) -> list[Code]:
    """Why, the reason first that helps most. Empty where nothing is wrong with the picture."""
    return list(_reasons(text))


def legible(text: Text) -> bool:
    """Whether this is some paper or other that can be read."""
    return text.score >= _LEGIBLE and sum(len(line.text) for line in text.lines) >= _ENOUGH_TEXT


def _reasons(text: Text) -> Iterator[Code]:
    grey = _grey(text.image)
    scale = _AT / max(text.image.shape[:2])
    height = float(np.median([line.height for line in text.lines])) * scale if text.lines else 0.0
    paper = _paper(text, grey, scale)
    if (grey[paper] if paper.any() else grey).mean() < _BRIGHT:
        yield "dark"
    if _glares(grey, paper):
        yield "glare"
    sharp = sharpness(grey) if text.lines else sharpness(grey, _SPOT)
    if 0 < height < _TINY or (not text.lines and sharp >= _SHARP):
        yield "far"
    if sharp < _SHARP:
        yield "blur"
    if _TINY <= height < _TALL and not legible(text):
        yield "far"
    if _is_cut(text):
        yield "cut"


def _grey(image: Pixels) -> npt.NDArray[np.uint8]:
    by = _AT / max(image.shape[:2])
    small = cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA) if by < 1 else image
    grey: npt.NDArray[np.uint8] = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    return grey


def sharpness(grey: npt.NDArray[np.uint8], part: float = 0.97) -> float:
    """How strong the strongest edges are: |Laplacian| in tiles of 16 pixels, stronger than in this part of them."""
    edges = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    tall, wide = (side // 16 * 16 for side in edges.shape)
    tiles = edges[:tall, :wide].reshape(tall // 16, 16, wide // 16, 16).mean(axis=(1, 3))
    return float(np.quantile(tiles, part))


def _is_cut(text: Text) -> bool:
    """Whether text runs to the frame."""
    tall, wide = text.image.shape[:2]
    rim = _RIM * max(tall, wide) / _AT
    corners = [line.quad for line in text.lines]
    if not corners:
        return False
    every = np.concatenate(corners)
    return bool(every.min() < rim or every[:, 0].max() > wide - rim or every[:, 1].max() > tall - rim)


def _paper(text: Text, grey: npt.NDArray[np.uint8], scale: float) -> npt.NDArray[np.bool_]:
    """Where the text is: the paper, without the table that it lies on."""
    mask = np.zeros(grey.shape, np.uint8)
    if text.lines:
        corners = np.concatenate([line.quad for line in text.lines]) * min(scale, 1.0)
        cv2.fillConvexPoly(mask, cv2.convexHull(corners.astype(np.int32)), 1)
    return mask.astype(bool)


def _glares(grey: npt.NDArray[np.uint8], paper: npt.NDArray[np.bool_]) -> bool:
    """Whether a blinding spot lies where the text is. A white sheet in good light is bright everywhere, and no spot."""
    blinding = (grey >= _WHITE) & paper
    rest = grey[paper & ~blinding]
    return bool(rest.size and _GLARING <= blinding.sum() / paper.sum() < 0.6 and np.median(rest) < _PALE)
