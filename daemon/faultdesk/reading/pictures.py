"""What a picture says of itself."""

import io
import struct
import warnings

_DESCRIPTION = 270
_LONGEST = 500
_DAMAGE = (OSError, ValueError, SyntaxError, TypeError, LookupError, struct.error)


def description_of(octets: bytes) -> str:
    """Give the ImageDescription of a TIFF's first page; "" where there is none, or no Pillow to look with."""
    try:
        from PIL import TiffImagePlugin  # noqa: PLC0415 - an extra; without it no page is read either
    except ModuleNotFoundError:
        return ""
    with warnings.catch_warnings(action="ignore"):  # damage is told where the page is read
        try:
            tags = TiffImagePlugin.ImageFileDirectory_v2(octets[:8])
            file = io.BytesIO(octets)
            file.seek(tags.next)
            tags.load(file)
            return str(tags.get(_DESCRIPTION, ""))[:_LONGEST].rstrip("\0 \n")
        except _DAMAGE:
            return ""
