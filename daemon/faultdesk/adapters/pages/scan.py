"""A page of a document before it is read."""

from typing import NamedTuple

from PIL import Image

from faultdesk.domain.fax import Line

SQUARE_DPI = 204
"""Both ways, after resampling: the finest direction of a fax."""
MOST_PIXELS = 20_000_000
"""A superfine A4 page has 7.9 million."""
Dpi = tuple[float, float]


class Scan(NamedTuple):
    """One page: its picture, and its own text where it has one, or why there is neither."""

    picture: Image.Image | None = None
    """Grey; its pixels are as far apart as `dpi` says."""
    dpi: Dpi = (SQUARE_DPI, SQUARE_DPI)
    lines: tuple[Line, ...] = ()
    """Of the page's own text, which nobody needs to read from the picture."""
    bad_rows: int = 0
    problem: str = ""
