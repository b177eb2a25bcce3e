"""Takes documents apart into pages: TIFF class F, PDF, photographs. Hostile octets: only in the child process."""

import io
import math
import re
import struct
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count, islice
from typing import Any, NamedTuple

import pypdfium2
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError
from pypdfium2 import raw as pdfium

from faultdesk.adapters.pages.complaints import complaints_heard
from faultdesk.domain.fax import Line

SQUARE_DPI = 204
"""Both ways, after resampling: the finest direction of a fax."""
_MOST_PIXELS = 20_000_000
"""A superfine A4 page has 7.9 million."""
_WIDEST, _HIGHEST = 5_000, 20_000
_MOST_POINTS = 2_000
_FEWEST_DPI = 50
_ACROSS = 204.0
_NARROWEST, _BROADEST, _LONGEST = 2.0, 17.0, 56.0
"""Inches; of the longest a square page still has fewer than _MOST_PIXELS."""
_LONG_SIDE = 2_390
"""Pixels of the long side of A4 at 204 dpi: to it photographs are brought, whatever their camera."""
_BAD_ROWS_TAG = 326
_COMPRESSION_TAG, _PHOTOMETRIC_TAG, _LAYER_TAG = 259, 262, 34732
_ITULAB = 10
_NOT_READ = {
    9: "JBIG (T.85)",
    10: "JBIG in colour (T.43)",
    34661: "JBIG",
    34718: "Microsoft Document Imaging",
}
_MOST_RUNS = 5_000
"""Pieces of a page's own text; a full page of a table has some hundreds."""
_FEWEST_LETTERS = 20
"""Characters of a page's own text that are worth more than its picture."""
_FEWEST_LETTERS_BESIDE_PICTURES = 100
"""The same where pictures cover much of it."""
_MUCH = 0.3
_WORD = re.compile(r"\w")
Dpi = tuple[float, float]

Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_DAMAGE = (
    *(OSError, ValueError, SyntaxError, TypeError, LookupError, struct.error),
    *(pypdfium2.PdfiumError, *_BOMBS),
)
"""What libraries raise on damaged documents."""


class Scan(NamedTuple):
    """One page: its picture, and its own text where it has one, or why there is neither."""

    picture: Image.Image | None = None
    """Grey; its pixels are as far apart as `dpi` says."""
    dpi: Dpi = (SQUARE_DPI, SQUARE_DPI)
    lines: tuple[Line, ...] = ()
    """Of the page's own text, which nobody needs to read from the picture."""
    bad_rows: int = 0
    problem: str = ""


def scans_of(octets: bytes, media_type: str) -> Iterator[Scan]:
    """Yield the pages of a document; what is wrong is told by the page."""
    yield from (scan() for scan in pages_of(octets, media_type))


def pages_of(octets: bytes, media_type: str) -> Iterator[Callable[[], Scan]]:
    """Yield for every page what decodes it, to be called before the next is asked for, or not at all.

    So a page that ended the child can be passed over without being looked at again.
    """
    if not octets:
        yield partial(Scan, problem="the document is empty")
        return
    try:
        for decode in _OPENERS.get(media_type, _pictures)(octets):
            yield partial(_guarded, decode)
    except _DAMAGE as error:
        yield partial(Scan, problem=_told(error, octets))


def _guarded(decode: Callable[[], Scan]) -> Scan:
    try:
        return decode()
    except _DAMAGE as error:
        return Scan(problem=f"the page is damaged: {type(error).__name__}")
    except MemoryError:
        return Scan(problem="the page takes more memory than a page may")


def squared(scan: Scan) -> Image.Image:
    """Bring a picture to square pixels: those of a fax are up to twice as high as wide, and print is unreadable so."""
    if scan.picture is None:
        raise ValueError("no picture")
    width, height = (
        max(1, round(size * SQUARE_DPI / dpi)) for size, dpi in zip(scan.picture.size, scan.dpi, strict=True)
    )
    grows = height > scan.picture.height
    return scan.picture.resize((width, height), Image.Resampling.BICUBIC if grows else Image.Resampling.BOX)


def _told(error: Exception, octets: bytes) -> str:
    if isinstance(error, _BOMBS):
        return "the page is larger than any page of a fax"
    if form := _form_not_read(octets):
        return f"{form} is not read"
    if isinstance(error, UnidentifiedImageError):
        return "the document is damaged, cut, or in a form that is not read"
    return f"the document could not be read: {type(error).__name__}"


def _form_not_read(octets: bytes) -> str:
    """Name the form of a TIFF that is refused, by the tags of its first page; "" when they tell nothing."""
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(octets[:8])
        file = io.BytesIO(octets)
        file.seek(tags.next)
        tags.load(file)
        return _unread(tags)
    except _DAMAGE:
        return ""


def _pictures(octets: bytes) -> Iterator[Callable[[], Scan]]:
    """Yield the frames of a TIFF, or a photograph. The number of frames is anybody's claim: they are walked."""
    image: Image.Image
    with Image.open(io.BytesIO(octets)) as image:
        if image.format != "TIFF":
            yield partial(_photograph, image)
            return
        for index in count():
            try:
                image.seek(index)
            except EOFError:
                return
            except _BOMBS:
                yield partial(Scan, problem="the page is larger than any page of a fax")
                continue
            except KeyError:  # a coding that it does not know, and `_frame` may
                pass
            yield partial(_frame, image)


def _frame(image: Image.Image) -> Scan:
    """Decode the frame the TIFF is at; libtiff tells of damaged rows only on standard error."""
    tags = getattr(image, "tag_v2", {})
    if form := _unread(tags):
        return Scan(problem=f"{form} is not read")
    if image.width > _WIDEST or image.height > _HIGHEST or image.width * image.height > _MOST_PIXELS:
        return Scan(
            problem=f"the page has {image.width} x {image.height} pixels, more than any page of a fax"
        )
    with complaints_heard() as complaints:
        grey = image.convert("L")
    bad_rows = max(int(tags.get(_BAD_ROWS_TAG, 0)), complaints.count())
    return Scan(grey, _dpi_of(image), bad_rows=bad_rows)


def _unread(tags: Mapping[int, Any]) -> str:
    """Name what a page is made of that is not read: coding, colour (RFC 3949 profile C), layers (profile M)."""
    if _LAYER_TAG in tags:
        return "TIFF-FX in layers (MRC)"
    if tags.get(_PHOTOMETRIC_TAG) == _ITULAB:
        return "TIFF-FX in colour"
    return _NOT_READ.get(tags.get(_COMPRESSION_TAG, 0), "")


def _dpi_of(image: Image.Image) -> Dpi:
    """Take the resolution that is told, or that the number of rows lets guess; fax pixels are not square."""
    across, down = (float(value) for value in image.info.get("dpi", (1, 1)))
    if min(across, down) >= _FEWEST_DPI and _is_paper(image.width / across, image.height / down):
        return across, down
    if image.height < 1_500:  # noqa: PLR2004 - rows of A4 at 98 lines an inch
        return _ACROSS, 98.0
    return _ACROSS, 196.0 if image.height < 3_000 else 391.0  # noqa: PLR2004 - the same at 196


def _is_paper(width: float, height: float) -> bool:
    """Tell whether inches are those of paper: of a receipt at least, of A3 across or a yard down at most."""
    return _NARROWEST <= width <= _BROADEST and height <= _LONGEST


def _photograph(image: Image.Image) -> Scan:
    """Bring a photograph to the size at which print on paper is read."""
    if image.width * image.height > _MOST_PIXELS:
        return Scan(problem=f"the picture has {image.width} x {image.height} pixels, more than are read")
    upright = ImageOps.exif_transpose(image)
    grey = upright.convert("L")
    side = SQUARE_DPI * max(grey.size) / _LONG_SIDE
    return Scan(grey, (side, side))


def _pdf(octets: bytes) -> Iterator[Callable[[], Scan]]:
    try:
        document = pypdfium2.PdfDocument(octets)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).casefold()
        yield partial(Scan, problem="the PDF is encrypted" if locked else "the PDF is damaged")
        return
    for index in range(len(document)):
        yield partial(_pdf_page, document, index)


def _pdf_page(document: pypdfium2.PdfDocument, index: int) -> Scan:
    page = document[index]
    width, height = page.get_size()
    if max(width, height) > _MOST_POINTS:
        return Scan(problem=f"the page is {width:.0f} x {height:.0f} points large, more than any paper")
    written = _letters_to_be_seen(page)
    pictures = list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2))
    if written < _FEWEST_LETTERS and (raster := _only_raster(page, pictures)) is not None:
        return raster
    # A line that a gateway sets above a fax is no reason to leave the fax unread.
    is_text = written >= (
        _FEWEST_LETTERS_BESIDE_PICTURES if _is_pictured(page, pictures) else _FEWEST_LETTERS
    )
    lines = tuple(_own_lines(page)) if is_text else ()
    dpi = min(SQUARE_DPI, 72 * math.sqrt(_MOST_PIXELS / (width * height)))  # a large drawing comes smaller
    picture = page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    return Scan(picture, (dpi, dpi), lines)


def _letters_to_be_seen(page: pypdfium2.PdfPage) -> int:
    """Count the letters of a page's own text; what a scanner has put invisibly behind a picture is its reading of it."""
    every = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=2, textpage=page.get_textpage())
    return sum(
        len(_WORD.findall(words.extract()))
        for words in islice(every, _MOST_RUNS)
        if pdfium.FPDFTextObj_GetTextRenderMode(words) != pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
    )


def _is_pictured(page: pypdfium2.PdfPage, pictures: Iterable[pypdfium2.PdfObject]) -> bool:
    """Tell whether pictures cover much of a page."""
    boxes = (picture.get_bounds() for picture in pictures)
    covered = sum(abs((right - left) * (top - bottom)) for left, bottom, right, top in boxes)
    return bool(covered > page.get_width() * page.get_height() * _MUCH)


def _own_lines(page: pypdfium2.PdfPage) -> Iterator[Line]:
    """Give the page's own text where it stands, so that what stands beside a label is known to."""
    text, height, scale = page.get_textpage(), page.get_height(), SQUARE_DPI / 72
    for number in range(min(text.count_rects(), _MOST_RUNS)):
        left, bottom, right, top = text.get_rect(number)
        if words := " ".join(text.get_text_bounded(left, bottom, right, top).split()):
            place = (max(0, round(one * scale)) for one in (left, height - top, right - left, top - bottom))
            yield Line(words, 1.0, *place)


def _only_raster(page: pypdfium2.PdfPage, found: Sequence[pypdfium2.PdfImage]) -> Scan | None:
    """Take the page's only picture as it is, as gateways make PDF of faxes: rendering would blur it."""
    if len(found) != 1:
        return None
    across, down = found[0].get_px_size()
    matrix = found[0].get_matrix()
    if not 0 < across * down <= _MOST_PIXELS or matrix.b or matrix.c or matrix.a <= 0 or matrix.d <= 0:
        return None
    if matrix.a * matrix.d < page.get_width() * page.get_height() / 2:
        return None  # a letterhead's picture, and text around it
    picture = found[0].get_bitmap().to_pil().convert("L")
    return Scan(picture, (across * 72 / matrix.a, down * 72 / matrix.d))


_OPENERS = {"application/pdf": _pdf}
