"""Header fields: raw octets as they really come, RFC 2047 words, RFC 2231 parameters, ids and dates."""

import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import groupby
from urllib.parse import unquote_to_bytes

from faultdesk.reading.charset import cleaned, decode

LONGEST = 32 * 1024
"""Characters of a field that are looked at."""
_MOST_ALIKE = 100
"""Fields of one name that are kept."""
_MOST_REFERENCES = 100
_LONGEST_DATE = 200
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_SPACES = re.compile(r"\s+")
_BASE64_NOISE = re.compile(r"[^A-Za-z0-9+/]")
_PARAMETER = re.compile(r";\s*([^\s=;\"]{1,60})\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"?|([^;]*))")
_CONTINUED = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*?)")
# msg-id (RFC 5322 section 3.6.4): ASCII, and short enough for an index.
_ID = re.compile(r"<([!-;=?-~ \t\r\n]{1,900})>")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Fields:
    """A header section: field bodies by lower-case name, in the order they stand in."""

    def __init__(self, items: Iterable[tuple[str, object]], charset: str = "") -> None:
        """Keep the fields; `charset` is the body's, for raw octets that are no UTF-8."""
        self.charset = charset
        self._bodies: dict[str, list[str]] = {}
        for name, body in items:
            bodies = self._bodies.setdefault(name.lower(), [])
            if len(bodies) < _MOST_ALIKE:
                bodies.append(str(body)[:LONGEST])

    def all(self, name: str) -> list[str]:
        """Give every body of a field, unfolded, raw octets decoded, encoded words left as they are."""
        return [raw_text(body, self.charset) for body in self._bodies.get(name, ())]

    def first(self, name: str) -> str:
        """Give the first body of a field, or ""."""
        return next(iter(self.all(name)), "")

    def has(self, name: str) -> bool:
        """Tell whether the field is there."""
        return name in self._bodies

    def text(self, name: str) -> str:
        """Give the first body as a reader would show it: one line, words decoded."""
        return one_line(decode_words(self.first(name)))


def raw_text(body: str, charset: str = "") -> str:
    """Unfold a field body, and decode its raw octets, which the parser kept as surrogates."""
    unfolded = _FOLD.sub(" ", body)
    if unfolded.isascii():
        return cleaned(unfolded)
    return decode(unfolded.encode("utf-8", "surrogateescape"), charset, thorough=False)


def one_line(text: str) -> str:
    """Make one line of it, without what would steer a terminal or turn the reading direction."""
    return _SPACES.sub(" ", _BIDI.sub("", cleaned(text))).strip()


def decode_words(text: str) -> str:
    """Decode the encoded words (RFC 2047) in a field body.

    Neighbours of one charset are joined as octets first: many senders split a character between two words.
    """
    if "=?" not in text:
        return text
    pieces: list[str] = []
    end = 0
    for run in _runs_of_words(text):
        pieces += (text[end : run[0].start()], _decode_run(run))
        end = run[-1].end()
    return "".join((*pieces, text[end:]))


def _runs_of_words(text: str) -> Iterator[list[re.Match[str]]]:
    """Group the words that have nothing but white space between them."""
    run: list[re.Match[str]] = []
    for word in _WORD.finditer(text):
        if run and text[run[-1].end() : word.start()].strip():
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _decode_run(run: list[re.Match[str]]) -> str:
    # RFC 2231 section 5: a language may follow the charset, after a star.
    by_charset = groupby(run, key=lambda word: word[1].partition("*")[0].lower())
    return "".join(decode(_octets_of(list(words)), charset, thorough=False) for charset, words in by_charset)


def _octets_of(words: list[re.Match[str]]) -> bytes:
    octets, base64 = b"", ""
    for word in words:
        if word[2] in "qQ":
            octets += from_base64(base64) + _from_q(word[3])
            base64 = ""
            continue
        base64 += word[3]
        # A stream cut into words at any character goes on in the next one.
        if base64.endswith("=") or len(base64) % 4 == 0:
            octets += from_base64(base64)
            base64 = ""
    return octets + from_base64(base64)


def from_base64(text: str) -> bytes:
    """Decode the digits of base64 that are there, noise among them or not."""
    digits = _BASE64_NOISE.sub("", text)
    # One digit too many makes no octet; binascii would refuse the whole for it.
    whole = digits[:-1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(whole + "=" * (-len(whole) % 4))


def _from_q(text: str) -> bytes:
    return binascii.a2b_qp(text.encode("utf-8", "surrogatepass"), header=True)


def parameters(body: str, charset: str = "") -> dict[str, str]:
    """Read the parameters of a Content-Type or Content-Disposition body, decoded (RFC 2231, or words)."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in _PARAMETER.finditer(body):
        name, quoted, bare = match.groups()
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare.strip()
        shape = _CONTINUED.fullmatch(name.lower())
        if shape and (shape[2] or shape[3]):
            pieces.setdefault(shape[1], {})[int(shape[2] or 0)] = (bool(shape[3]), value)
        else:
            plain.setdefault(name.lower(), one_line(_unworded(value)))
    return plain | {name: one_line(_joined(parts, charset)) for name, parts in pieces.items()}


def _joined(parts: dict[int, tuple[bool, str]], charset: str) -> str:
    """Put an extended parameter together (RFC 2231 sections 3 and 4)."""
    octets = b""
    for number in sorted(parts):
        encoded, value = parts[number]
        if encoded and number == min(parts) and value.count("'") > 1:
            charset, _, value = value.split("'", 2)
        octets += unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    return _unworded(decode(octets, charset, thorough=False))


def _unworded(value: str) -> str:
    """Decode the words that RFC 2047 forbids here; some programs encode a name twice."""
    return decode_words(decode_words(value))


def message_ids(text: str) -> list[str]:
    """Find the message ids (RFC 5322 section 3.6.4) in a field body, white space inside them removed."""
    return [f"<{''.join(match.split())}>" for match in _ID.findall(text) if match.strip()]


def thread_of(fields: Fields) -> tuple[str, ...]:
    """Join References and In-Reply-To, oldest first, each id once, the newest hundred."""
    ids = [
        found
        for name in ("references", "in-reply-to")
        for body in fields.all(name)
        for found in message_ids(body)
    ]
    return tuple(dict.fromkeys(ids))[-_MOST_REFERENCES:]


def date_of(text: str) -> datetime | None:
    """Read a date in its writer's zone; None for nonsense. A zone that is missing or unknown is taken for UTC."""
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            date = parse(text.strip()[:_LONGEST_DATE])
            aware = date if date.tzinfo else date.replace(tzinfo=UTC)
            aware.astimezone(UTC)  # a year of 1 or 9999 may be none there
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        return aware
    return None


def received_at(fields: Fields) -> datetime | None:
    """Read the date of the topmost Received field (RFC 5321 section 4.4): our own server wrote it."""
    _, semicolon, date = fields.first("received").rpartition(";")
    return date_of(date) if semicolon else None
