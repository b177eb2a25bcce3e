"""Mailboxes out of address fields: linear in time, forgiving, and never an address the field does not hold."""

import re

from faultdesk.domain.message import Address
from faultdesk.reading.headers import Fields, decode_words, one_line

_MOST = 200
_LONGEST_IN_ALL = 64 * 1024
"""Characters of the fields of one name together, beyond which no further one is read."""
# The bound on a quoted string keeps a field of lone quotes from taking quadratic time.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.){0,256}+"|<[^<>]*>|\([^()]*\)|[,;]|[^"<>(),;]+|.', re.DOTALL)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,256}@[^\s<>()\[\],;:\"@]{1,255}")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def mailboxes(fields: Fields, name: str) -> tuple[Address, ...]:
    """Read every mailbox of an address field; groups are opened, what is no mailbox is left out."""
    found: dict[Address, None] = {}
    room = _LONGEST_IN_ALL
    for body in fields.all(name):
        if room > 0 and len(found) < _MOST:
            found |= dict.fromkeys(parse(body))
        room -= len(body)
    return tuple(found)[:_MOST]


def parse(body: str) -> list[Address]:
    """Read the mailboxes of one field body (RFC 5322 section 3.4).

    Split before anything is decoded: an encoded name may hold a comma or an angle bracket.
    """
    addresses = [_mailbox(tokens) for tokens in _split(body)]
    kept = [address for address in addresses if address is not None]
    if not kept and "=?" in body:
        # Some senders encode the address along with the name.
        whole = decode_words(body)
        return parse(whole) if "@" in whole and "=?" not in whole else []
    return kept


def is_ambiguous(body: str) -> bool:
    """Tell whether one mailbox shows two addresses in angle brackets: programs differ in which they take."""
    return any(sum(token.startswith("<") and "@" in token for token in tokens) > 1 for tokens in _split(body))


def _split(body: str) -> list[list[str]]:
    mailboxes: list[list[str]] = [[]]
    for token in _TOKEN.findall(body):
        if token in (",", ";"):
            mailboxes.append([])
        else:
            mailboxes[-1].append(token)
    return mailboxes[:_MOST]


def _mailbox(tokens: list[str]) -> Address | None:
    """Make an address of a mailbox's tokens: the last angle brackets hold it, else a bare word."""
    angles = [token for token in tokens if token.startswith("<") and "@" in token]
    if angles:
        address = angles[-1][1:-1]
        name = "".join(_unquoted(token) for token in tokens if not token.startswith("<"))
    else:
        bare = "".join(token for token in tokens if not token.startswith("("))
        address = next((word for word in re.split(r"[\s<>]+", bare) if "@" in word), "")
        name = " ".join(token[1:-1] for token in tokens if token.startswith("(") and token.endswith(")"))
    # RFC 5322 section 4.4: an obsolete route, or a group's name, may stand before the address.
    match = _ADDRESS.fullmatch("".join(address.rpartition(":")[2].split()))
    return Address(match[0].lower(), _named(name)) if match else None


def _unquoted(token: str) -> str:
    return _ESCAPED.sub(r"\1", token[1:-1]) if token.startswith('"') and len(token) > 1 else token


def _named(name: str) -> str:
    """Decode a display name; one that is put in quotes twice loses both pairs."""
    return one_line(decode_words(name)).strip("\"' ")
