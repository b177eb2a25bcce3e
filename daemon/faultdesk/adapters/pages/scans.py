"""Takes documents apart into pages: TIFF class F, photographs and, elsewhere, PDF. Hostile octets: only in the child process."""

import io
import struct
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any

import pypdfium2
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from faultdesk.adapters.pages.complaints import complaints_heard
from faultdesk.adapters.pages.pdf import pages_of_pdf
from faultdesk.adapters.pages.scan import MOST_PIXELS, SQUARE_DPI, Dpi, Scan

_WIDEST, _HIGHEST = 5_000, 20_000
_FEWEST_DPI = 50
_ACROSS = 204.0
_NARROWEST, _BROADEST, _LONGEST = 2.0, 17.0, 56.0
"""Inches; of the longest a square page still has fewer than MOST_PIXELS."""
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

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_DAMAGE = (
    *(OSError, ValueError, SyntaxError, TypeError, LookupError, struct.error),
    *(pypdfium2.PdfiumError, *_BOMBS),
)
"""What libraries raise on damaged documents."""


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
    if image.width > _WIDEST or image.height > _HIGHEST or image.width * image.height > MOST_PIXELS:
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
    if image.width * image.height > MOST_PIXELS:
        return Scan(problem=f"the picture has {image.width} x {image.height} pixels, more than are read")
    upright = ImageOps.exif_transpose(image)
    grey = upright.convert("L")
    side = SQUARE_DPI * max(grey.size) / _LONG_SIDE
    return Scan(grey, (side, side))


_OPENERS = {"application/pdf": pages_of_pdf}
