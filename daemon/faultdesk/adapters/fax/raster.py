"""Pages as the dots of a fax: TIFF profile S (RFC 3949 section 3), which every machine and T.37 gateway takes."""

import io
import struct
from collections.abc import Iterator

import pypdfium2
from PIL import Image, TiffImagePlugin

_ACROSS, _DOWN, _WIDTH = 204, 196, 1728
"""Dots to the inch of a fine fax, and its dots in a row (ITU-T T.4)."""
_FINER = 2
"""Pages are drawn so many times finer, and a dot is black by the share that is."""
_BLACK_BELOW = 150
"""Grey level: type comes out a little bolder than it is, for what the line takes away."""
_POINTS_AN_INCH = 72
_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))

_SHORT, _LONG, _RATIONAL = 3, 4, 5
_ENTRY = struct.Struct("<HHI4s")


def raster(document: bytes) -> bytes:
    """Draw a PDF as a TIFF of one bit, Group 3, a strip to a page. For one thread at a time."""
    pages = list(_drawn(document))
    written = bytearray(b"II*\0" + b"\0" * 4)
    link = 4
    for number, page in enumerate(pages):
        strip = _encoded(page)
        place = len(written)
        written += strip + b"\0" * (len(strip) % 2)
        resolution = len(written)
        written += struct.pack("<4I", _ACROSS, 1, _DOWN, 1)
        struct.pack_into("<I", written, link, len(written))
        fields = _fields(page.height, place, len(strip), resolution, struct.pack("<HH", number, len(pages)))
        written += struct.pack("<H", len(fields)) + b"".join(fields)
        link = len(written)
        written += b"\0" * 4
    return bytes(written)


def _drawn(document: bytes) -> Iterator[Image.Image]:
    """Draw pages, ink is 1."""
    with pypdfium2.PdfDocument(document) as pdf:
        for page in pdf:
            fine = page.render(scale=_ACROSS * _FINER / _POINTS_AN_INCH, grayscale=True).to_pil()
            page.close()
            # A4 is 1686 dots wide: a machine sends 1728, the rest is margin. Rows are rounded down:
            # of a page that is a hair longer than A4 HylaFAX sets a copy, by way of PostScript.
            size = fine.width // _FINER, fine.height * _DOWN // (_ACROSS * _FINER)
            grey = Image.new("L", (_WIDTH, size[1]), 255)
            grey.paste(fine.resize(size, Image.Resampling.BOX), ((_WIDTH - size[0]) // 2, 0))
            ink = grey.point(lambda level: 255 * (level < _BLACK_BELOW))
            yield ink.convert("1", dither=Image.Dither.NONE)


def _encoded(page: Image.Image) -> bytes:
    """Encode a page by Modified Huffman, the first dot in the lowest bit. Pillow's own file calls ink white."""
    file = io.BytesIO()
    page.save(file, "TIFF", compression="group3", tiffinfo={TiffImagePlugin.ROWSPERSTRIP: page.height})
    file.seek(0)
    with TiffImagePlugin.TiffImageFile(file) as encoded:
        tags = encoded.tag_v2
        (place,), (size,) = tags[TiffImagePlugin.STRIPOFFSETS], tags[TiffImagePlugin.STRIPBYTECOUNTS]
    return file.getvalue()[place : place + size].translate(_REVERSED)


def _fields(height: int, place: int, size: int, resolution: int, number: bytes) -> list[bytes]:
    """Give the directory of a page, in the order of its tags."""
    return [
        _field(254, _LONG, 2),  # NewSubfileType: one page of several
        _field(256, _LONG, _WIDTH),
        _field(257, _LONG, height),
        _field(258, _SHORT, 1),  # BitsPerSample
        _field(259, _SHORT, 3),  # Compression: Group 3
        _field(262, _SHORT, 0),  # PhotometricInterpretation: 0 is white
        _field(266, _SHORT, 2),  # FillOrder: from the lowest bit
        _field(273, _LONG, place),  # StripOffsets
        _field(277, _SHORT, 1),  # SamplesPerPixel
        _field(278, _LONG, height),  # RowsPerStrip
        _field(279, _LONG, size),  # StripByteCounts
        _field(282, _RATIONAL, resolution),
        _field(283, _RATIONAL, resolution + 8),
        _field(292, _LONG, 0),  # T4Options: one dimension
        _field(296, _SHORT, 2),  # ResolutionUnit: inch
        _ENTRY.pack(297, _SHORT, 2, number),  # PageNumber, and of how many
    ]


def _field(tag: int, kind: int, value: int) -> bytes:
    return _ENTRY.pack(tag, kind, 1, struct.pack("<I", value))
