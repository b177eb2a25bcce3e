"""Documents as gateways bring them, and as nobody should: each is made here."""

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path

from PIL import Image

FAXES = Path(__file__).parents[2] / "data/faxes"
_LONG = 4


def a_mail(*files: tuple[str, bytes], sender: str = "gateway@fax.example") -> bytes:
    """Make a mail with files, typed by their names."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = sender, "fax"
    mail.set_content("see attachment")
    for name, octets in files:
        maintype, subtype = {
            "tif": ("image", "tiff"),
            "pdf": ("application", "pdf"),
            "jpg": ("image", "jpeg"),
            "png": ("image", "png"),
        }[name.rpartition(".")[2]]
        mail.add_attachment(octets, maintype=maintype, subtype=subtype, filename=name)
    return mail.as_bytes()


def a_tiff(*pages: Image.Image, **options: object) -> bytes:
    """Write pages as G4, unless told otherwise."""
    octets = io.BytesIO()
    saved = {"compression": "group4", "dpi": (204, 196), **options}
    first, *others = [page.convert("1") for page in pages]
    first.save(octets, "TIFF", save_all=bool(others), append_images=others, **saved)
    return octets.getvalue()


def a_page(width: int = 1728, height: int = 2290, rows: Sequence[int] = ()) -> Image.Image:
    """Make a white page with black rows."""
    page = Image.new("L", (width, height), 255)
    for row in rows:
        page.paste(0, (100, row, width - 100, row + 10))
    return page


def a_raw_tiff(*frames: Mapping[int, int], strip: bytes = b"\x00\x10\x01", loop: bool = False) -> bytes:
    """Put tags together as no library would write them; every frame has the same strip, `loop` joins the ends."""
    octets = bytearray(b"II*\x00\x00\x00\x00\x00")
    at = len(octets)
    octets += strip + b"\x00" * (len(strip) % 2)
    link = 4
    first = 0
    for frame in frames:
        tags = {256: 1728, 257: 100, 258: 1, 259: 4, 262: 0, 273: at, 277: 1, 279: len(strip), **frame}
        tags.setdefault(278, tags[257])
        here = len(octets)
        first = first or here
        struct.pack_into("<I", octets, link, here)
        octets += struct.pack("<H", len(tags))
        for tag, value in sorted(tags.items()):
            octets += struct.pack("<HHII", tag, _LONG, 1, value)
        link = len(octets)
        octets += struct.pack("<I", 0)
    if loop:
        struct.pack_into("<I", octets, link, first)
    return bytes(octets)


def a_pdf(*pages: bytes, objects: Sequence[bytes] = ()) -> bytes:
    """Put a PDF together of page dictionaries' entries; further objects are numbered after the pages."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(len(pages)))
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids),
        *(b"<</Type/Page/Parent 2 0 R%s>>" % page for page in pages),
        *objects,
    ]
    octets, places = bytearray(b"%PDF-1.7\n"), []
    for number, part in enumerate(parts, 1):
        places.append(len(octets))
        octets += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    end = len(octets)
    octets += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    octets += b"".join(b"%010d 00000 n \n" % place for place in places)
    octets += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, end)
    return bytes(octets)


def zeros_deflated(count: int) -> bytes:
    """Deflate so many mebioctets of zeros; blocks that are flushed fully stand for themselves, and are repeated."""
    deflate = zlib.compressobj(9, wbits=-15)
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = ((count << 20) % 65_521) << 16 | 1
    return b"\x78\xda" + block * count + deflate.flush() + struct.pack(">I", checksum)
