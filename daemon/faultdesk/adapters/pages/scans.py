"""Takes documents apart into pages: TIFF class F, PDF, photographs. Hostile octets: only in the child process."""

import io
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError
from pypdfium2 import raw as pdfium

from faultdesk.adapters.pages.complaints import complaints_heard

SQUARE_DPI = 204
"""Both ways, after resampling: the finest direction of a fax."""
_MOST_PIXELS = 20_000_000
"""A superfine A4 page has 7.9 million."""
_WIDEST, _HIGHEST = 5_000, 20_000
_MOST_POINTS = 2_000
_FEWEST_DPI = 50
_ACROSS = 204.0
_LONG_SIDE = 2_390
"""Pixels of the long side of A4 at 204 dpi: to it photographs are brought, whatever their camera."""
_BAD_ROWS_TAG = 326
_COMPRESSION_TAG = 259
_NOT_READ = {
    9: "JBIG (T.82)",
    10: "JBIG (T.43)",
    34661: "JBIG",
    34718: "MDI",
    34712: "JPEG 2000",
    32_895: "MRC",
}
_FEWEST_LETTERS = 20
"""Characters of a page's own text that are worth more than its picture."""
_WORD = re.compile(r"\w")
Dpi = tuple[float, float]

Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


class Scan(NamedTuple):
    """One page: its picture, or its own text, or why there is neither."""

    picture: Image.Image | None = None
    """Grey; its pixels are as far apart as `dpi` says."""
    dpi: Dpi = (SQUARE_DPI, SQUARE_DPI)
    text: str = ""
    bad_rows: int = 0
    problem: str = ""


def scans_of(octets: bytes, media_type: str, first: int = 0) -> Iterator[Scan]:
    """Yield the pages of a document from the one of this index on; what is wrong is told by the page."""
    if not octets:
        yield Scan(problem="the document is empty")
        return
    try:
        yield from _OPENERS.get(media_type, _pictures)(octets, first)
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        yield Scan(problem=_told(error))
    except MemoryError:
        yield Scan(problem="the page takes more memory than a page may")


def squared(scan: Scan) -> Image.Image:
    """Bring a picture to square pixels: those of a fax are up to twice as high as wide, and print is unreadable so."""
    if scan.picture is None:
        raise ValueError("no picture")
    width, height = (
        max(1, round(size * SQUARE_DPI / dpi)) for size, dpi in zip(scan.picture.size, scan.dpi, strict=True)
    )
    grows = height > scan.picture.height
    return scan.picture.resize((width, height), Image.Resampling.BICUBIC if grows else Image.Resampling.BOX)


def _told(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "the document is damaged, cut, or in a form that is not read"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "the page is larger than any page of a fax"
    return f"the document could not be read: {type(error).__name__}"


def _pictures(octets: bytes, first: int) -> Iterator[Scan]:
    """Yield the frames of a TIFF, or a photograph."""
    image: Image.Image
    with Image.open(io.BytesIO(octets)) as image:
        if image.format != "TIFF":
            if first == 0:
                yield _photograph(image)
            return
        index = first
        while _is_at(image, index):
            yield _frame(image)
            index += 1


def _is_at(image: Image.Image, index: int) -> bool:
    try:
        image.seek(index)
    except EOFError:
        return False
    return True


def _frame(image: Image.Image) -> Scan:
    """Decode the frame the TIFF is at; libtiff tells of damaged rows only on standard error."""
    tags = getattr(image, "tag_v2", {})
    if form := _NOT_READ.get(tags.get(_COMPRESSION_TAG, 0)):
        return Scan(problem=f"{form} is not read")
    if image.width > _WIDEST or image.height > _HIGHEST or image.width * image.height > _MOST_PIXELS:
        return Scan(
            problem=f"the page has {image.width} x {image.height} pixels, more than any page of a fax"
        )
    try:
        with complaints_heard() as complaints:
            grey = image.convert("L")
    except (OSError, ValueError, SyntaxError) as error:
        return Scan(problem=f"the page is damaged: {type(error).__name__}")
    bad_rows = max(int(tags.get(_BAD_ROWS_TAG, 0)), complaints.count())
    return Scan(grey, _dpi_of(image), bad_rows=bad_rows)


def _dpi_of(image: Image.Image) -> Dpi:
    """Take the resolution that is told, or that the number of rows lets guess; fax pixels are not square."""
    across, down = (float(value) for value in image.info.get("dpi", (1, 1)))
    if min(across, down) >= _FEWEST_DPI:
        return across, down
    if image.height < 1_500:  # noqa: PLR2004 - rows of A4 at 98 lines an inch
        return _ACROSS, 98.0
    return _ACROSS, 196.0 if image.height < 3_000 else 391.0  # noqa: PLR2004 - the same at 196


def _photograph(image: Image.Image) -> Scan:
    """Bring a photograph to the size at which print on paper is read."""
    if image.width * image.height > _MOST_PIXELS:
        return Scan(problem=f"the picture has {image.width} x {image.height} pixels, more than are read")
    upright = ImageOps.exif_transpose(image)
    grey = upright.convert("L")
    side = SQUARE_DPI * max(grey.size) / _LONG_SIDE
    return Scan(grey, (side, side))


def _pdf(octets: bytes, first: int) -> Iterator[Scan]:
    try:
        document = pypdfium2.PdfDocument(octets)
    except pypdfium2.PdfiumError as error:
        locked = "Incorrect password" in str(error)
        yield Scan(problem="the PDF is encrypted" if locked else "the PDF is damaged")
        return
    for index in range(first, len(document)):
        yield _pdf_page(document, index)


def _pdf_page(document: pypdfium2.PdfDocument, index: int) -> Scan:
    try:
        page = document[index]
        width, height = page.get_size()
        if max(width, height) > _MOST_POINTS:
            return Scan(problem=f"the page is {width:.0f} x {height:.0f} points large, more than any paper")
        raster = _only_raster(page)
        if raster is not None:
            return raster
        text = page.get_textpage().get_text_bounded()
        if len(_WORD.findall(text)) >= _FEWEST_LETTERS:
            return Scan(text=text)
        return Scan(page.render(scale=SQUARE_DPI / 72, grayscale=True).to_pil().convert("L"))
    except (pypdfium2.PdfiumError, ValueError) as error:
        return Scan(problem=f"the page is damaged: {type(error).__name__}")


def _only_raster(page: pypdfium2.PdfPage) -> Scan | None:
    """Take the page's only picture as it is, as gateways make PDF of faxes: rendering would blur it."""
    found = list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2))
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
