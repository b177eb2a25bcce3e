"""Writes a text in one form, so that a term is found however it was typed."""

import re
import unicodedata
from functools import cache
from importlib.resources import files

_HAN = "\u3400-\u9fff"
_BLANKS = re.compile(r"\s+")
# A mail is wrapped and a form is spaced out ("报 修 人") in the middle of words.
_BLANK_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")


def fold(text: str, most: int) -> str:
    """Write the first `most` characters in lower case, half width and simplified, blanks as one or none.

    The result is for comparing only: its offsets are not those of the text.
    """
    # Cut twice: one character may become eighteen (NFKC of U+FDFA).
    plain = unicodedata.normalize("NFKC", text[:most])[:most].lower()
    if not plain.isascii():
        plain = plain.translate(_simplified())
    return _BLANK_BETWEEN_HAN.sub("", _BLANKS.sub(" ", plain)).strip()


def simplified(text: str) -> str:
    """Write a text in simplified characters; every character keeps its place."""
    return text if text.isascii() else text.translate(_simplified())


@cache
def _simplified() -> dict[int, int]:
    """Read the table; character by character is enough to find terms, if not to print them."""
    lines = files(__package__).joinpath("traditional.txt").read_text(encoding="utf-8").splitlines()
    traditional, simplified = (line for line in lines if not line.startswith("#"))
    return str.maketrans(traditional, simplified)
