"""Writes telephone numbers as E.164, by phonenumbers."""

import phonenumbers


def e164(told: str, country: str, area: str = "") -> str:
    """Give the number as +862088881111; "" when it cannot be one.

    A number without an area code is taken for one of `area`.
    """
    for candidate in (told, f"0{area.lstrip('0')}{told}" if area and not told.startswith(("0", "+")) else ""):
        try:
            number = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return ""
