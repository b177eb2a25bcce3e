"""Makes an `InboundMessage` of a message's octets, in child processes: no network, no database, no decision."""

from faultdesk.reading.exchange import RawItem, ReadingFailure, ReadingLimits
from faultdesk.reading.language import language_of
from faultdesk.reading.mime import NO_SENDER, read_message
from faultdesk.reading.parts import ONLY_FILES, ONLY_PICTURES
from faultdesk.reading.sandbox import Readers

__all__ = [
    "NO_SENDER",
    "ONLY_FILES",
    "ONLY_PICTURES",
    "RawItem",
    "Readers",
    "ReadingFailure",
    "ReadingLimits",
    "language_of",
    "read_message",
]
