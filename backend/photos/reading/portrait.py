"""A portrait: one face, white behind it, large and sharp enough; and what to cut out of it for the card."""

from __future__ import annotations

import cv2
import numpy as np

from backend.photos.reading.faces import Face
from backend.photos.reading.ocr import Pixels
from backend.photos.reading.papers import papers
from backend.photos.reading.result import Box, Code, Portrait

# No document gives millimetres or pixels; these are the usual shapes of one and two inches at 300 dots.
_HEAD = 0.5  # of the crop's width: the face as it should stand in it
_HEADS = (0.3, 0.75)  # of the crop's width: smaller or larger faces are said
_SHAPES = (0.64, 0.79)  # width by height: 35x53, 35x49 and 35x45 mm are all called two inches
_EYES = 0.46  # of the crop's height: where the middle of the face comes to lie
_LIGHT, _COLOUR = 88.0, 9.0  # Lab: this light and this little colour is white
_WHITE = 0.7  # of the rim; 0.88 is what a head before pure white leaves of it
_SHARP = 15.0  # variance of the Laplacian over the face at the wanted size: 28 when a little soft, 10 when blurred
_DARK = 60.0  # mean grey of the face


def judge(image: Pixels, faces: list[Face], region: str | None) -> tuple[Portrait, list[Code]]:
    """What there is to know, and what is wrong with it: the hard reasons before those that are only said."""
    wide, tall = wanted(region)
    if not faces:
        return Portrait(0, None, None, wide, tall, 0.0, 0.0), ["no_face"]
    face = faces[0]
    crop = _crop(image, face, wide / tall)
    x, y, w, h = crop
    cut = cv2.resize(image[y : y + h, x : x + w], (wide, tall), interpolation=cv2.INTER_AREA)
    head = _head(cut, face, crop)
    sharp = float(cv2.Laplacian(head, cv2.CV_64F).var())
    white = _white(cut)
    size = image.shape[:2]
    found = Portrait(
        len(faces),
        _box(face.x, face.y, face.w, face.h, size),
        _box(x, y, w, h, size),
        wide,
        tall,
        round(white, 3),
        round(sharp, 1),
    )
    return found, _wrong(found, head.mean(), face.w / w, w >= wide)


def wanted(region: str | None) -> tuple[int, int]:
    """Width and height in pixels."""
    sizes = papers()["portrait"].sizes
    return sizes.get(region or "", sizes["other"])


def _wrong(found: Portrait, light: float, head: float, enough: bool) -> list[Code]:
    wrong: list[Code] = []
    if found.faces > 1:
        wrong.append("many_faces")
    if light < _DARK:
        wrong.append("dark")
    if found.sharpness < _SHARP and found.faces == 1:  # of several none is large enough to be judged
        wrong.append("blur")
    if found.white < _WHITE:
        wrong.append("not_white")
    if not enough or not _HEADS[0] <= head <= _HEADS[1]:
        wrong.append("size")
    return wrong


def _crop(image: Pixels, face: Face, shape: float) -> tuple[int, int, int, int]:
    """Around the face, as large as it should be, as far as the picture goes: left, upper, width, height.

    A picture that has the shape of a portrait already, and the head in it its size, is only trimmed to the shape.
    """
    tall, wide = image.shape[:2]
    whole = min(wide, tall * shape)
    is_one = _SHAPES[0] <= wide / tall <= _SHAPES[1] and _HEADS[0] <= face.w / whole <= _HEADS[1]
    w = whole if is_one else min(face.w / _HEAD, whole)
    h = w / shape
    x = min(max(face.x + face.w / 2 - w / 2, 0), wide - w)
    y = min(max(face.y + face.h / 2 - h * _EYES, 0), tall - h)
    return int(x), int(y), int(w), int(h)


def _head(cut: Pixels, face: Face, crop: tuple[int, int, int, int]) -> np.ndarray:
    """The face alone, grey, in the cut picture."""
    x, y, w, h = crop
    across, down = cut.shape[1] / w, cut.shape[0] / h
    left, upper = max(0, int((face.x - x) * across)), max(0, int((face.y - y) * down))
    part = cut[upper : upper + max(8, int(face.h * down)), left : left + max(8, int(face.w * across))]
    return cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)


def _white(cut: Pixels) -> float:
    """How much of the rim around the head is white: the top, and the sides as far down as shoulders do not reach."""
    lab = cv2.cvtColor(cut, cv2.COLOR_BGR2LAB).astype(np.float32)
    tall, wide = cut.shape[:2]
    rim = np.zeros((tall, wide), bool)
    rim[: int(tall * 0.06)] = True
    rim[: int(tall * 0.45), : int(wide * 0.1)] = True
    rim[: int(tall * 0.45), -int(wide * 0.1) :] = True
    light = lab[..., 0] * 100 / 255
    colour = np.hypot(lab[..., 1] - 128, lab[..., 2] - 128)
    return float(((light >= _LIGHT) & (colour <= _COLOUR))[rim].mean())


def _box(x: float, y: float, w: float, h: float, size: tuple[int, ...]) -> Box:
    tall, wide = size
    left, upper = max(0.0, x / wide), max(0.0, y / tall)
    return Box(round(left, 4), round(upper, 4), round(min(w / wide, 1 - left), 4), round(min(h / tall, 1 - upper), 4))
