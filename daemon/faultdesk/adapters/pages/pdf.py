"""Takes PDF apart: the pages' own text where they have any, else what is to be seen on them."""

import ctypes
import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

import pypdfium2
from pypdfium2 import raw as pdfium

from faultdesk.adapters.pages.scan import MOST_PIXELS, SQUARE_DPI, Scan
from faultdesk.domain.fax import Line

_MOST_POINTS = 2_000
_MOST_RUNS = 5_000
"""Pieces of a page's own text; a full page of a table has some hundreds."""
_FEWEST_LETTERS = 20
"""Characters of a page's own text that are worth more than its picture."""
_FEWEST_LETTERS_BESIDE_PICTURES = 100
"""The same where pictures cover much of it: a line that a gateway sets above a fax is no reason to leave it unread."""
_MUCH = 0.3
_WORD = re.compile(r"\w")


def pages_of_pdf(octets: bytes) -> Iterator[Callable[[], Scan]]:
    """Yield for every page what decodes it; it may raise whatever PDFium does of damage."""
    try:
        document = pypdfium2.PdfDocument(octets)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).casefold()
        yield partial(Scan, problem="the PDF is encrypted" if locked else "the PDF is damaged")
        return
    for index in range(len(document)):
        yield partial(_page, document, index)


def _page(document: pypdfium2.PdfDocument, index: int) -> Scan:
    page = document[index]
    width, height = page.get_size()
    if max(width, height) > _MOST_POINTS:
        return Scan(problem=f"the page is {width:.0f} x {height:.0f} points large, more than any paper")
    text = page.get_textpage()
    pictures = list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2))
    written = _letters_to_be_read(page, text)
    if written < _FEWEST_LETTERS and (raster := _only_raster(page, pictures)) is not None:
        return raster
    enough = _FEWEST_LETTERS_BESIDE_PICTURES if _is_pictured(page, pictures) else _FEWEST_LETTERS
    lines = tuple(_own_lines(page, text)) if written >= enough else ()
    dpi = min(SQUARE_DPI, 72 * math.sqrt(MOST_PIXELS / (width * height)))  # a large drawing comes smaller
    picture = page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    return Scan(picture, (dpi, dpi), lines)


def _letters_to_be_read(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> int:
    """Count the letters of a page's own text; none where some of it is invisible: a scanner's own reading of the page."""
    count = 0
    every = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=2, textpage=text)
    for words in islice(every, _MOST_RUNS):
        if pdfium.FPDFTextObj_GetTextRenderMode(words) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE:
            return 0
        count += len(_WORD.findall(words.extract()))
    return count


def _is_pictured(page: pypdfium2.PdfPage, pictures: Sequence[pypdfium2.PdfObject]) -> bool:
    """Tell whether pictures cover much of a page."""
    boxes = (picture.get_bounds() for picture in pictures)
    covered = sum(abs((right - left) * (top - bottom)) for left, bottom, right, top in boxes)
    return bool(covered > page.get_width() * page.get_height() * _MUCH)


def _own_lines(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> Iterator[Line]:
    """Give the page's own text where it is seen, so that what stands beside a label is known to."""
    for number in range(min(text.count_rects(), _MOST_RUNS)):
        left, bottom, right, top = text.get_rect(number)
        if words := " ".join(text.get_text_bounded(left, bottom, right, top).split()):
            (x, y), (other_x, other_y) = _seen(page, left, bottom), _seen(page, right, top)
            yield Line(words, 1.0, min(x, other_x), min(y, other_y), abs(x - other_x), abs(y - other_y))


def _seen(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[int, int]:
    """Tell at which pixel a place is seen, as the page is turned and wherever its corner lies."""
    across, down = ctypes.c_int(), ctypes.c_int()
    width, height = (round(size * SQUARE_DPI / 72) for size in page.get_size())
    pdfium.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
    return max(0, across.value), max(0, down.value)


def _only_raster(page: pypdfium2.PdfPage, found: Sequence[pypdfium2.PdfImage]) -> Scan | None:
    """Take the page's only picture as it is, as gateways make PDF of faxes: rendering would blur it."""
    if len(found) != 1 or page.get_rotation():
        return None
    across, down = found[0].get_px_size()
    matrix = found[0].get_matrix()
    if not 0 < across * down <= MOST_PIXELS or matrix.b or matrix.c or matrix.a <= 0 or matrix.d <= 0:
        return None
    if matrix.a * matrix.d < page.get_width() * page.get_height() / 2:
        return None  # a letterhead's picture, and text around it
    picture = found[0].get_bitmap().to_pil().convert("L")
    return Scan(picture, (across * 72 / matrix.a, down * 72 / matrix.d))
