"""Fax numbers as addresses: `fax:+862088881111` takes part in a ticket as a mail address does."""

import re

_ADDRESS = re.compile(r"fax:(\+[1-9]\d{5,14})")

FAX_BY_MAIL = "fax."
"""How the Message-ID of our mails to a fax gateway begins: it is the job by which receipts are known."""


def fax_address(number: str) -> str:
    """Give the address of an E.164 number; "" when it is none."""
    address = f"fax:{number}"
    return address if _ADDRESS.fullmatch(address) else ""


def fax_number(address: str) -> str | None:
    """Give the E.164 number of a fax address; None for any other address."""
    match = _ADDRESS.fullmatch(address)
    return match[1] if match else None
