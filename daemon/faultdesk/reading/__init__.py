"""Makes an `InboundMessage` of a message's octets, in child processes: no network, no database, no decision."""

from faultdesk.reading.exchange import RawItem, ReadingFailure, ReadingLimits
from faultdesk.reading.mime import read_message
from faultdesk.reading.sandbox import Readers

__all__ = ["RawItem", "Readers", "ReadingFailure", "ReadingLimits", "read_message"]
