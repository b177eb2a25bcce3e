"""How a mail is spelt in SMTP: addresses, options, and the octets behind DATA."""

import re
import smtplib
from collections.abc import Sequence

from faultdesk.errors import MailRefusedError

_LINE_END = re.compile(rb"\r\n|\r|\n")


def mail_options(connection: smtplib.SMTP, addresses: Sequence[str], octets: bytes) -> list[str]:
    """Choose the options of MAIL: what the server offers and this mail needs."""
    options = [f"SIZE={len(octets)}"] if connection.has_extn("size") else []
    if connection.has_extn("8bitmime") and not octets.isascii():
        options.append("BODY=8BITMIME")
    if not all(address.isascii() for address in addresses):
        options.append("SMTPUTF8")
    return options


def spell_address(address: str) -> str:
    """Spell a domain in ASCII, so that only a local part needs SMTPUTF8 (RFC 6531).

    Raises:
        MailRefusedError: It is no address.
    """
    if any(ord(character) < ord(" ") or character in "<>" for character in address):
        raise MailRefusedError(f"not an address: {address!r}")
    local, at, domain = address.rpartition("@")
    try:
        return local + at + (domain if domain.isascii() else domain.encode("idna").decode())
    except UnicodeError as error:
        raise MailRefusedError(f"not a domain: {address!r}") from error


def data_octets(content: bytes) -> bytes:
    """Make the octets that follow DATA: CRLF, dots doubled, the last dot.

    A bare CR or LF is what one server takes for a line's end and the next does not, and between the
    two fits a second mail (SMTP smuggling): there is none behind here.
    """
    if not content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n"):
        content = _LINE_END.sub(b"\r\n", content)
    if content.startswith(b"."):
        content = b"." + content
    content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") or not content else b"\r\n.\r\n")
