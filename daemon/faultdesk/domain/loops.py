"""Tells what machines write over and over, by which two of them could keep each other busy for ever."""

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from faultdesk.domain.message import Address, InboundMessage

_ADDRESS = re.compile(r"\S{1,256}@\S{1,255}|https?://\S+")
_NO_LETTERS = re.compile(r"[\W\d_]+")
_FEWEST = 24
"""Letters of a text below which two people may well write the same."""
_JUDGED = 4_000


def likeness(message: InboundMessage) -> str | None:
    """Tell texts that differ in numbers, addresses and blanks only by one sign; None for a short text."""
    letters = _NO_LETTERS.sub("", _ADDRESS.sub("", message.text[:_JUDGED])).casefold()
    return hashlib.sha256(letters.encode()).hexdigest()[:24] if len(letters) >= _FEWEST else None


class Earlier(NamedTuple):
    """A message of the same likeness that came before."""

    sender: Address
    text: str


def is_echo(
    message: InboundMessage, earlier: Iterable[Earlier], *, answers_us: bool, shared: frozenset[str]
) -> bool:
    """Tell whether a text that came before is a machine's: again in answer to us, or word for word from one house.

    A person tells of gate 1 and then of gate 2: without a word of us the numbers count, too. `shared` are
    the domains that are no house.
    """
    domains = {message.sender.domain} - shared
    text = message.text.split()
    return any(
        answers_us
        or (
            (one.sender.address == message.sender.address or one.sender.domain in domains)
            and one.text.split() == text
        )
        for one in earlier
    )
