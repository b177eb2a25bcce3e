"""What a file is, by its content: names and labels are the sender's word."""

import mimetypes

import puremagic

HEAD = 4096
"""Octets of a file's beginning that tell."""
PROGRAM = "application/vnd.microsoft.portable-executable"
_PROGRAMS = frozenset(
    {
        ".exe", ".dll", ".scr", ".lnk", ".msi", ".com", ".pif", ".cpl", ".elf",
        ".jar", ".bat", ".cmd", ".hta", ".chm", ".js", ".jse", ".ps1", ".vbs",
        ".vbe", ".wsf", ".wsh", ".reg", ".docm", ".xlsm", ".pptm", ".iso", ".img",
    }
)  # fmt: skip
"""Endings of what runs when it is opened, and of what holds such."""
_PROGRAM_BEGINS = (b"\x7fELF", b"L\x00\x00\x00\x01\x14\x02\x00")
_MZ_BEGINS = b"MZ"
"""Of DOS and Windows programs, and of a text that begins with these letters."""
_UNKNOWN = "application/octet-stream"
_ZIP = "application/zip"
_ZIP_BEGINS = b"PK\x03\x04"
_LABELS = {
    "image/jpg": "image/jpeg",
    "image/x-ms-bmp": "image/bmp",
    "application/x-zip-compressed": _ZIP,
    "application/x-rar-compressed": "application/vnd.rar",
    "application/x-rar": "application/vnd.rar",
    "application/x-pdf": "application/pdf",
    "application/x-gzip": "application/gzip",
    "text/rtf": "application/rtf",
}
"""Names of types that programs write, and the registered ones."""


def media_type_of(head: bytes, label: str, name: str) -> str:
    """Tell the media type of a file by its first octets, its name where these fit several, else by its label."""
    label = _LABELS.get(label, label)
    if head.startswith(_PROGRAM_BEGINS) or (head.startswith(_MZ_BEGINS) and b"\0" in head):
        return PROGRAM
    extension = extension_of(name)
    found = _candidates(head)
    types = [media_type for media_type, _ in found]
    if not types and label == _UNKNOWN and b"\0" not in head:
        guessed = mimetypes.guess_type(name)[0] or label
        return guessed if guessed.startswith("text/") else label
    if label in types or not types:
        return label
    named = [media_type for media_type, candidate in found if candidate == extension]
    if named:
        return named[0]
    if head.startswith(_ZIP_BEGINS):
        return _ZIP
    # A text may begin like anything.
    return label if label.startswith(("text/", "message/")) else types[0]


def is_program(media_type: str, name: str) -> bool:
    """Tell whether a file would be run by whoever opens it."""
    return media_type == PROGRAM or extension_of(name) in _PROGRAMS


def extension_of(name: str) -> str:
    """Give the extension of a name in lower case, with its dot, or ""."""
    stem, dot, extension = name.rpartition(".")
    return f".{extension.lower()}" if stem and dot else ""


def _candidates(head: bytes) -> list[tuple[str, str]]:
    """List the types that begin like this, the likeliest first, with their extensions."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
    return [
        (_LABELS.get(one.mime_type, one.mime_type), one.extension.lower()) for one in found if one.mime_type
    ]
