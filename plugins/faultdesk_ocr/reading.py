"""Reads a page: header first, then which way it lies, then its lines; doubtful small print once more, larger."""

import math
from collections.abc import Iterable, Sequence
from functools import cache
from statistics import median

import cv2
import numpy as np

from faultdesk.domain.fax import Line, PageImage, PageReading
from faultdesk_ocr.engine import Box, Engine, Found, Grey
from faultdesk_ocr.header import is_header, near_upper_edge

_LARGER = 300 / 204
_SMALL = 46.0
"""Pixels of a line's height at 204 dpi, as found: print of 10 points has 42, of 12 points 50."""
_UNSURE = 0.96
"""Of the mean confidence of a page's letters: what lies below has 5 and more wrong ones in a hundred."""
_WRONG_WAY_UP = 0.85
"""The same of a page that lies upside down: 0.6 to 0.8."""
_AS_MUCH = 0.9
"""Of the letters found before, that a second look must find."""


@cache
def _engine(threads: int) -> Engine:
    return Engine(threads)


def read(image: PageImage, threads: int) -> PageReading:
    """Read what stands on a page."""
    engine = _engine(threads)
    page: Grey = np.frombuffer(image.pixels, dtype=np.uint8).reshape(image.height, image.width)
    boxes = engine.find(page)
    header = [
        found for found in engine.read(page, near_upper_edge(boxes, image.dpi)) if is_header(found, image.dpi)
    ]
    page, boxes = _without(page, boxes, header)
    turned = engine.is_upside_down(page, boxes)
    found = _read(engine, *_lying(turned, page, boxes))
    if found and (not _letters(found) or _certainty(found) < _WRONG_WAY_UP):  # the vote may have been wrong
        other = _read(engine, *_lying(not turned, page, boxes))
        if _is_better(other, found):
            turned, found = not turned, other
    legible = [one for one in found if one.text]
    return PageReading(
        lines=_lines(legible, page.shape),
        header=" ".join(found.text for found in header if found.text),
        is_turned=turned,
        by_eye=_certainty(found) < _UNSURE,
        unread=len(found) - len(legible),
    )


def _is_better(other: Sequence[Found], found: Sequence[Found]) -> bool:
    """Tell whether a page that was read the other way up says at least as much, and more surely."""
    if not _letters(found):
        return _letters(other) > 0
    return _letters(other) >= _letters(found) and _certainty(other) > _certainty(found)


def _lying(turned: bool, page: Grey, boxes: list[Box]) -> tuple[Grey, list[Box]]:  # noqa: FBT001 - which way
    """Give a page, and where its lines stand, the right way up if it lies upside down."""
    if not turned:
        return page, boxes
    return np.ascontiguousarray(page[::-1, ::-1]), [_turned(box, page) for box in boxes]


def _turned(box: Box, page: Grey) -> Box:
    """Give a line's place on the page that was turned by 180 degrees."""
    rows, columns = page.shape
    corners = np.array([columns - 1, rows - 1], dtype=np.float32) - box
    return np.asarray(np.roll(corners, 2, axis=0), dtype=np.float32)


def _without(page: Grey, boxes: list[Box], header: Iterable[Found]) -> tuple[Grey, list[Box]]:
    """Take the header out of the page."""
    gone = {found.box.tobytes() for found in header}
    if not gone:
        return page, boxes
    page = page.copy()
    for found in header:
        page[: int(found.box[:, 1].max()) + 1] = 255
    return page, [box for box in boxes if box.tobytes() not in gone]


def _read(engine: Engine, page: Grey, boxes: list[Box]) -> list[Found]:
    """Read the lines; a page of small print that is uncertain is looked at larger, and the surer look counts."""
    found = list(engine.read(page, boxes))
    heights = [float(np.linalg.norm(one.box[3] - one.box[0])) for one in found]
    if not heights or median(heights) >= _SMALL or _certainty(found) >= _UNSURE:
        return found
    larger = cv2.resize(page, None, fx=_LARGER, fy=_LARGER, interpolation=cv2.INTER_CUBIC)
    wide: Grey = np.asarray(larger, dtype=np.uint8)
    again = [
        one._replace(box=(one.box / _LARGER).astype(np.float32))
        for one in engine.read(wide, engine.find(wide))
    ]
    is_whole = _letters(again) >= _AS_MUCH * _letters(found)
    return again if is_whole and _certainty(again) > _certainty(found) else found


def _letters(found: Iterable[Found]) -> int:
    return sum(len(one.text) for one in found)


def _certainty(found: Sequence[Found]) -> float:
    """Give the mean confidence of the letters; 1 where there are none."""
    letters = _letters(found)
    return sum(len(one.text) * one.confidence for one in found) / letters if letters else 1.0


def _lines(found: Sequence[Found], shape: tuple[int, ...]) -> tuple[Line, ...]:
    """Place the lines as they would stand on a page that was put in straight."""
    turn = cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), _slope(found), 1.0)
    lines = []
    for one in found:
        along, down = one.box[1] - one.box[0], one.box[3] - one.box[0]
        width, height = round(float(np.linalg.norm(along))), round(float(np.linalg.norm(down)))
        across, deep = turn @ np.array([*one.box.mean(axis=0), 1.0])
        left, top = max(0, round(across - width / 2)), max(0, round(deep - height / 2))
        lines.append(Line(one.text, round(one.confidence, 3), left, top, width, height))
    return tuple(lines)


def _slope(found: Iterable[Found]) -> float:
    """Tell by how many degrees lines fall to the right: of the long ones, which tell it best, the median."""
    edges = [one.box[1] - one.box[0] for one in found]
    slopes = sorted(
        (math.degrees(math.atan2(float(down), float(across))), float(across))
        for across, down in edges
        if across > 0
    )
    half = sum(weight for _, weight in slopes) / 2
    for slope, weight in slopes:
        half -= weight
        if half <= 0:
            return slope
    return 0.0
