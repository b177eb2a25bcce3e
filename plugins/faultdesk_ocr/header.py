"""The line that a sending machine prints above each page (TTI, ITU-T T.30): it is no part of what was written."""

import re
from collections.abc import Sequence

from faultdesk_ocr.engine import Box, Found

_ALWAYS, _MAYBE = 0.2, 0.45
"""Inches from the upper edge: nobody writes above the first; headers stand no lower than the second."""
_PAGE = re.compile(
    r"\b[PF]\.? ?\d{1,3} ?/ ?\d{1,3}|\bpage\b|第 ?\d{1,3} ?页|\d{1,3} ?(?:of|/) ?\d{1,3}$", re.IGNORECASE
)
_TIME = re.compile(r"\d{1,4}[-/.年: ]\d{1,2}[-/.月: ]\d{1,4}|\d{1,2}:\d\d")
_NUMBER = re.compile(r"\d[\d \-]{6,}")


def is_header(found: Found, dpi: int) -> bool:
    """Tell whether a line near the upper edge is the sending machine's."""
    inches = float(found.box[:, 1].mean()) / dpi
    if inches < _ALWAYS:
        return True
    said = found.text
    marks = sum(bool(pattern.search(said)) for pattern in (_PAGE, _TIME, _NUMBER))
    return inches < _MAYBE and marks >= 2  # noqa: PLR2004 - a date alone may be a letter's


def near_upper_edge(boxes: Sequence[Box], dpi: int) -> list[Box]:
    """Pick the lines that may be a header."""
    return [box for box in boxes if float(box[:, 1].mean()) / dpi < _MAYBE]
