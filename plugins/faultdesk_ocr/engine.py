"""PP-OCR on a page: finds lines, sees whether the page lies upside down, reads. Its models come in the wheel."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray
from rapidocr.main import RapidOCRError

Grey = NDArray[np.uint8]
"""A page: height × width, 0 is black."""
Box = NDArray[np.float32]
"""Four corners, clockwise from the upper left one: x, y."""

_MODELS = Path(rapidocr.__file__).parent / "models"
_VOTERS = 12
"""The widest lines tell whether the page is upside down."""
_TILE = 2_160_000
"""Pixels that are looked at for lines at once: a whole page would take twice the memory, and a wide one still more."""
_OVERLAP = 160
"""Rows that tiles share: a line of a skewed page is no higher."""
_INK = 240
"""Greys below it may be print, a pencil's too."""
_EDGE = 128
"""White pixels that are left around print: the finder wants some."""
_SHORTEST = 736
"""Pixels of a tile's sides: one that is smaller would be blown up to that, and its other side along with it."""
_ROOM = 0.3
"""Of a line's height, added at both of its ends: the finder cuts off a closing 。 and a leading 一."""
_FEWEST_SURE = 0.5
"""What is less certain than that is no text."""


class Found(NamedTuple):
    """A line that was found."""

    box: Box
    text: str
    """"" where nothing was read that is sure enough."""
    confidence: float


class Engine:
    """The models, loaded once; for one thread."""

    def __init__(self, threads: int) -> None:
        self._models = rapidocr.RapidOCR(
            params={
                "Global.max_side_len": 6_000,  # the usual 2000 would shrink a page
                "Global.log_level": "error",
                "Global.text_score": _FEWEST_SURE,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                # Named, so that nothing is looked for on the network.
                "Det.model_path": str(_MODELS / "PP-OCRv6_det_small.onnx"),
                "Rec.model_path": str(_MODELS / "PP-OCRv6_rec_small.onnx"),
                "Cls.model_path": str(_MODELS / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
            }
        )

    def find(self, page: Grey) -> list[Box]:
        """Find where lines stand, tile by tile; a line belongs to the tile that its middle is in."""
        found: list[Box] = []
        above, beside, printed = _printed(page)
        for top, bottom in _tiles(*printed.shape):
            first, last = max(0, top - _OVERLAP), min(len(printed), bottom + _OVERLAP)
            place = np.array([beside, above + first], dtype=np.float32)
            boxes = self._detect(printed[first:last])
            found += [box + place for box in boxes if top <= box[:, 1].mean() + first < bottom]
        return found

    def _detect(self, tile: Grey) -> Sequence[Box]:
        detector = self._models._load_det_model()  # type: ignore[no-untyped-call]  # noqa: SLF001 - finds lines alone
        boxes = detector(_in_colour(_filled_up(tile))).boxes
        return [] if boxes is None else [box.astype(np.float32) for box in boxes]

    def is_upside_down(self, page: Grey, boxes: Sequence[Box]) -> bool:
        """Let the widest lines vote on which way the page lies."""
        crops = sorted(self._crops(page, boxes), key=lambda crop: -crop.shape[1])[:_VOTERS]
        if not crops:
            return False
        _, verdict = self._models.cls_and_rotate([crop.copy() for crop in crops])
        votes = {"0": 0.0, "180": 0.0}
        for label, score in verdict.cls_res or ():
            votes[str(label)] += float(score)
        return votes["180"] > votes["0"]

    def _crops(self, page: Grey, boxes: Sequence[Box]) -> list[NDArray[np.uint8]]:
        return list(self._models.crop_text_regions(_in_colour(page), np.stack(boxes))) if boxes else []

    def read(self, page: Grey, boxes: Sequence[Box]) -> Iterator[Found]:
        """Read lines of an upright page; what is no text is left out."""
        roomy = [_with_room(box, boxes, page) for box in boxes]
        try:
            read = self._models.recognize_txt(self._crops(page, roomy)) if roomy else None
        except RapidOCRError:  # so it says that nothing was read
            read = None
        if read is None or read.txts is None:
            yield from (Found(box, "", 0.0) for box in boxes)
            return
        for box, text, confidence in zip(boxes, read.txts, read.scores, strict=True):
            yield Found(box, text.strip() if confidence >= _FEWEST_SURE else "", float(confidence))


def _with_room(box: Box, others: Sequence[Box], page: Grey) -> Box:
    """Lengthen a line at both of its ends, but to no further than half way to its neighbours."""
    upper_left, upper_right, _, lower_left = box
    height = float(np.linalg.norm(lower_left - upper_left))
    along = (upper_right - upper_left) / max(float(np.linalg.norm(upper_right - upper_left)), 1.0)
    left, right = (min([height * _ROOM, *gaps]) for gaps in _gaps(box, others, height))
    moved = box + np.stack([-along * left, along * right, along * right, -along * left])
    rows, columns = page.shape
    return np.asarray(np.clip(moved, 0, [columns - 1, rows - 1]), dtype=np.float32)


def _gaps(box: Box, others: Sequence[Box], height: float) -> tuple[list[float], list[float]]:
    """Give half the distances to the neighbours on the left and on the right; less than nothing where they overlap."""
    begin, end = (box[0] + box[3]) / 2, (box[1] + box[2]) / 2
    left, right = [], []
    for other in others:
        starts, ends = (other[0] + other[3]) / 2, (other[1] + other[2]) / 2
        if abs(float(begin[1] - ends[1])) < height / 2 and starts[0] < begin[0] and ends[0] < end[0]:
            left.append(float(begin[0] - ends[0]) / 2)
        if abs(float(end[1] - starts[1])) < height / 2 and starts[0] > begin[0] and ends[0] > end[0]:
            right.append(float(starts[0] - end[0]) / 2)
    return left, right


def _printed(page: Grey) -> tuple[int, int, Grey]:
    """Cut white edges off, which take as long to look at as print; tell how many rows and columns went before it."""
    rows, columns = (np.flatnonzero((page < _INK).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return 0, 0, page
    above, beside = (max(0, int(inked[0]) - _EDGE) for inked in (rows, columns))
    return above, beside, page[above : int(rows[-1]) + _EDGE + 1, beside : int(columns[-1]) + _EDGE + 1]


def _filled_up(tile: Grey) -> Grey:
    """Add white on the right and below, where a tile is small."""
    below, beside = (max(0, _SHORTEST - side) for side in tile.shape)
    filled = cv2.copyMakeBorder(tile, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=255)
    return np.asarray(filled, dtype=np.uint8)


def _tiles(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Divide rows into equal tiles."""
    count = max(1, -(-height * max(width, _SHORTEST) // _TILE))
    edges = [height * number // count for number in range(count + 1)]
    yield from pairwise(edges)


def _in_colour(page: Grey) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(page, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
