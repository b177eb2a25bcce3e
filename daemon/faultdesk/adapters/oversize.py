"""What is kept of a message above the size limit."""

import re

HEADER_OCTETS = 1024 * 1024
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")


def header_section(octets: bytes) -> bytes:
    """Cut off everything behind the first empty line, and behind the first MiB if there is none."""
    end = _EMPTY_LINE.search(octets, 0, HEADER_OCTETS)
    return octets[: end.end() if end else HEADER_OCTETS]
