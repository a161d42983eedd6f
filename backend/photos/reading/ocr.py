"""Letters out of pixels: where there is text, which way it stands, what it says. What that means stands elsewhere.

The engine is rapidocr with its shipped models and three settings of ours (detection sees 800 pixels, recognition one line at a
time, and is given the lines as sharp as the picture has them). It downloads nothing: whatever is missing fails at the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import rapidocr
from onnxruntime import InferenceSession, SessionOptions
from rapidocr.ch_ppocr_rec import TextRecInput

Pixels = npt.NDArray[np.uint8]  # height x width x 3, blue green red
Quad = npt.NDArray[np.float32]  # upper left, upper right, lower right, lower left

_SEEN = 800  # pixels of the longer side that detection looks at: at 960 it takes 1.4 times as long and finds no more
_SETTINGS = {
    "Global.log_level": "error",
    "Det.limit_type": "max",
    "Det.limit_side_len": _SEEN,
    "Rec.rec_batch_num": 1,
    "Rec.rec_img_shape": [3, 48, 96],  # the least a line is filled up to; at 320 short words take three times as long
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}
_VOTERS = 10  # longest lines that say which way is up
_LONG = 1.6  # times as long as tall: a line whose direction is certain
_LEAST = 0.4  # a line with a lower mean score is dirt


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One run of text. `scores`: one for each character of `text`; `quad`: its corners in pixels of the upright picture."""

    text: str
    scores: tuple[float, ...]
    quad: Quad

    @property
    def height(self) -> float:
        upper_left, upper_right, lower_right, lower_left = self.quad
        return float(np.linalg.norm(upper_left - lower_left) + np.linalg.norm(upper_right - lower_right)) / 2

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.quad[0] - self.quad[1]))

    @property
    def middle(self) -> npt.NDArray[np.float32]:
        return self.quad.mean(axis=0)

    @property
    def slope(self) -> float:
        """Pixels down for each pixel to the right."""
        across, down = self.quad[1] + self.quad[2] - self.quad[0] - self.quad[3]
        return float(down / max(across, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """What stands in a picture, the picture turned upright. `angle`: how far it was turned, degrees clockwise."""

    image: Pixels
    angle: int
    lines: tuple[Line, ...]

    @property
    def score(self) -> float:
        """The mean over all characters; 0 where there is none."""
        scores = [score for line in self.lines for score in line.scores]
        return float(np.mean(scores)) if scores else 0.0


class Engine:
    """The models, loaded and warm. Not for several threads at once."""

    def __init__(self) -> None:
        detection = _detection()
        cv2.setNumThreads(1)
        self._ocr = rapidocr.RapidOCR(params=_SETTINGS)
        self._ocr(try_picture())  # loads what is loaded at first use
        if self._ocr.text_det is None or self._ocr.text_cls is None or self._ocr.text_rec is None:
            raise RuntimeError("rapidocr found no text in a picture of digits")
        self._ocr.text_det.session.session = detection
        self._ocr.text_det.get_preprocess = lambda: _as_numbers  # the engine's own takes ten times as long

    def read(self, image: Pixels, turn: int | None = None) -> Text:
        """Everything that stands in this picture. `turn`: how far to turn it, in quarters clockwise; None: see for yourself."""
        angle = 90 * (turn or 0)
        image = _turned(image, turn or 0)
        quads = self._detect(image)
        if turn is None and _lies(quads):
            image, angle = _turned(image, 1), 90
            quads = [_turned_right(quad, image) for quad in quads]
        crops = [self._crop(image, quad) for quad in quads]
        if turn is None and self._stands_on_its_head(crops):
            image, angle = _turned(image, 2), angle + 180
            quads = [_turned_over(quad, image) for quad in quads]
            crops = [_turned(crop, 2) for crop in crops]
        return Text(image, angle, tuple(self._recognise(crops, quads)))

    def _detect(self, image: Pixels) -> list[Quad]:
        """Where there is text. Detection sees the picture small; its places are given back in full size."""
        by = min(1.0, _SEEN / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA) if by < 1 else image
        boxes = self._ocr.text_det(small).boxes
        if boxes is None:
            return []
        return [_from_upper_left(np.asarray(box, np.float32) / np.float32(by)) for box in boxes]

    def _crop(self, image: Pixels, quad: Quad) -> Pixels:
        crop: Pixels = self._ocr.crop_text_regions(image, [quad])[0]
        return crop

    def _stands_on_its_head(self, crops: list[Pixels]) -> bool:
        longest = sorted(crops, key=lambda crop: crop.shape[1] / crop.shape[0], reverse=True)[:_VOTERS]
        if not longest:
            return False
        votes = self._ocr.text_cls(longest).cls_res
        return sum(score if label == "180" else -score for label, score in votes) > 0

    def _recognise(self, crops: list[Pixels], quads: list[Quad]) -> list[Line]:
        if not crops:
            return []
        found = self._ocr.text_rec(TextRecInput(img=crops, return_word_box=True))
        lines = []
        for text, words, quad in zip(found.txts, found.word_results, quads, strict=True):
            scores = tuple(words.confs) if words and len(words.confs) == len(text) else (0.0,) * len(text)
            if text.strip() and np.mean(scores) >= _LEAST:
                lines.append(Line(text, scores, quad))
        return lines


def _as_numbers(image: Pixels) -> npt.NDArray[np.float32]:
    """What detection is given: both sides multiples of 32, brightness from -1 to 1."""
    tall, wide = (max(32, round(side / 32) * 32) for side in image.shape[:2])
    blob: npt.NDArray[np.float32] = cv2.dnn.blobFromImage(image, 1 / 127.5, (wide, tall), (127.5,) * 3)
    return blob


def try_picture(number: str = "990101199001010000") -> Pixels:
    """A picture that whoever can read can read."""
    image = np.full((160, 640, 3), 255, np.uint8)
    cv2.putText(image, number, (30, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (0, 0, 0), 3, cv2.LINE_AA)
    return image


def _detection() -> InferenceSession:
    """The model that finds text, made with options that rapidocr has no way to say; before any other session of this process.

    Numbers too small to matter become zero: a third of the time (0.42 s for 1.2 s). onnxruntime heeds that on the first session
    of a process only, for the thread that makes it. Memory is kept from one picture to the next, but not laid out anew for each
    size of picture: four fifths of the time, and 50 MB less than with both.
    """
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    model = next(Path(rapidocr.__file__).parent.glob("models/*_det_*.onnx"))
    as_needed = {"arena_extend_strategy": "kSameAsRequested"}
    return InferenceSession(str(model), options, providers=[("CPUExecutionProvider", as_needed)])


def _lies(quads: list[Quad]) -> bool:
    """Whether most of the text runs up or down."""
    up = along = 0.0
    for quad in quads:
        wide, tall = float(np.linalg.norm(quad[0] - quad[1])), float(np.linalg.norm(quad[0] - quad[3]))
        up += tall if tall > _LONG * wide else 0.0
        along += wide if wide > _LONG * tall else 0.0
    return up > along


def _turned(image: Pixels, quarters: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(image, -quarters)) if quarters else image


def _from_upper_left(quad: Quad) -> Quad:
    """The same corners, in the order of a `Quad`: the side that runs most to the right is the upper one. The engine's own order
    goes wrong where a line leans the way in which it lies."""
    sides = np.roll(quad, -1, axis=0) - quad
    to_the_right = sides[:, 0] / np.maximum(np.linalg.norm(sides, axis=1), 1e-6)
    ordered: Quad = np.roll(quad, -int(to_the_right.argmax()), axis=0)
    return ordered


def _turned_right(quad: Quad, image: Pixels) -> Quad:
    """Where a line stands in `image`, the picture after its turn by a quarter."""
    x, y = quad[:, 0], quad[:, 1]
    return _from_upper_left(np.stack([image.shape[1] - y, x], axis=1))


def _turned_over(quad: Quad, image: Pixels) -> Quad:
    size: Any = np.array([image.shape[1], image.shape[0]], np.float32)
    turned: Quad = (size - quad)[[2, 3, 0, 1]]
    return turned
