"""Writes telephone numbers as E.164, by phonenumbers."""

import re
from collections.abc import Iterator

import phonenumbers

_LONGEST = 60
_SHORTEST_LOCAL = 6
"""What is shorter is an extension or a service number, though some are numbers of an area, too."""
_LIKE_ABROAD = 11
"""Digits from which on a number that nobody knows may lack nothing but its plus sign."""
_EXTENSION = re.compile(
    r"[ ,;]{0,3}(?:转|轉|分机|分機|ext(?:ension|n)?|x|#)[ .:：=]{0,3}\d{1,6}$|(?<=\d{7})-\d{1,5}$",
    re.IGNORECASE,
)


def e164(told: str, country: str, area: str = "") -> str:
    """Give the number as +862088881111, without its extension; "" when it cannot be one.

    A number without an area code is taken for one of `area`.
    """
    for candidate in _candidates(_EXTENSION.sub("", told.strip()[:_LONGEST]), area):
        try:
            number = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return ""


def _candidates(told: str, area: str) -> Iterator[str]:
    yield told
    if told.startswith(("0", "+", "＋")):
        return
    digits = "".join(character for character in told if character.isdigit())
    if area and len(digits) >= _SHORTEST_LOCAL:
        yield f"0{area.lstrip('0')}{told}"
    if len(digits) >= _LIKE_ABROAD:
        yield f"+{digits}"
