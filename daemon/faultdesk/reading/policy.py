"""How the standard library's parser is kept within bounds."""

from email.message import Message
from email.parser import BytesFeedParser
from email.policy import Compat32, Policy

from faultdesk.reading.headers import LONGEST

_CHUNK = 64 * 1024
_MOST_MESSAGES = 1_000
"""Parts, and blocks of a delivery report, beyond which the rest is not parsed."""
_MOST_OCTETS, _MOST_MULTIPARTS = 8 * 1024 * 1024, 50
"""Of a message that stood encoded in another."""


class _Bounded(Compat32):
    """Cuts field bodies before the parser looks at their parameters, for which it takes quadratic time."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, body = super().header_source_parse(sourcelines)
        return name, body[:LONGEST]


BOUNDED = _Bounded()


class _Counted:
    """Makes the parts that a parser asks for."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, policy: Policy = BOUNDED) -> Message:
        self.count += 1
        return Message(policy=policy)


def parsed(*pieces: bytes) -> Message:
    """Parse a message that is given in pieces.

    Bit by bit: what the library parses at once it copies five times, once with four octets a character.
    """
    made = _Counted()
    parser = BytesFeedParser(made, policy=BOUNDED)
    for piece in pieces:
        for start in range(0, len(piece), _CHUNK):
            parser.feed(piece[start : start + _CHUNK])
            if made.count > _MOST_MESSAGES:
                return parser.close()
    return parser.close()


def parsed_within(octets: bytes) -> Message | None:
    """Parse a message that stood encoded in another; None when it is too great or too deep."""
    if len(octets) > _MOST_OCTETS or octets.lower().count(b"multipart/") > _MOST_MULTIPARTS:
        return None
    return parsed(octets)
