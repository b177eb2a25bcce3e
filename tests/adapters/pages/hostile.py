"""Documents that would take all memory and time there is, or are none."""

import io
import zlib
from collections.abc import Callable

from PIL import Image

from adapters.pages.documents import a_page, a_pdf, a_raw_tiff, a_tiff, zeros_deflated

A_PICTURE = b"/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>"
DRAWN = b"<</Length 26>>stream\n595 0 0 842 0 0 cm /I Do\n\nendstream"


def a_picture_of(width: int, height: int, octets: bytes, coding: bytes = b"FlateDecode") -> bytes:
    head = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/%s/Length %d>>"
    picture = head % (width, height, coding, len(octets)) + b"stream\n" + octets + b"\nendstream"
    return a_pdf(A_PICTURE, objects=(DRAWN, picture))


def a_stream_of_zeros() -> bytes:
    """Deflate twice: ten gigabytes of content in some ten kilobytes."""
    octets = zlib.compress(zeros_deflated(10 << 10), 9)
    content = (
        b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n" % len(octets) + octets + b"\nendstream"
    )
    return a_pdf(b"/MediaBox[0 0 595 842]/Contents 4 0 R", objects=(content,))


def a_png_of_zeros() -> bytes:
    octets = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(octets, "PNG")
    return octets.getvalue()


HOSTILE: dict[str, Callable[[], tuple[str, bytes]]] = {
    "a square of 100,000 pixels": lambda: ("fax.tif", a_raw_tiff({256: 100_000, 257: 100_000})),
    "two million rows": lambda: ("fax.tif", a_raw_tiff({257: 2_000_000})),
    "frames that go round": lambda: ("fax.tif", a_raw_tiff(*[{257: 1}] * 3, loop=True)),
    "a strip that is cut": lambda: ("fax.tif", a_raw_tiff({279: 5_000_000})),
    "half a fax": lambda: ("fax.tif", a_tiff(a_page(rows=(300,)))[:440]),
    "points of a kilometre": lambda: ("fax.pdf", a_pdf(b"/MediaBox[0 0 1000000 1000000]")),
    "ten gigabytes of zeros": lambda: ("fax.pdf", a_stream_of_zeros()),
    "a great picture in a PDF": lambda: ("fax.pdf", a_picture_of(100_000, 100_000, zeros_deflated(1 << 8))),
    "a gigabyte in a small picture": lambda: ("fax.pdf", a_picture_of(1728, 1145, zeros_deflated(1 << 10))),
    "a strip that deflates to a gigabyte": lambda: (
        "fax.tif",
        a_raw_tiff({259: 8, 258: 1, 257: 19_000}, strip=zeros_deflated(1 << 10)),
    ),
    "a great photograph": lambda: ("fax.png", a_png_of_zeros()),
    "nothing": lambda: ("fax.tif", b""),
    "noise": lambda: ("fax.tif", bytes(range(256)) * 400),
}
