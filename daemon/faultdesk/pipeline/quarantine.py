"""Originals that do not leave the desk, as the pipeline needs them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Quarantine(Protocol):
    """Who withholds which original, and the mails that wait for the end of a look."""

    def begin(self, inbox_id: int, inspector: str, reason: str, until: datetime) -> None:
        """Withhold an original while it is looked at; what was settled by this inspector stays settled."""

    def settle(self, inbox_id: int, inspector: str, reason: str | None) -> list[int]:
        """End a look: withhold for good, or (None) let go; return the mails that waited for it."""

    def wait(self, inbox_ids: Sequence[int], mail: int, now: datetime) -> datetime | None:
        """Note that a mail waits for the looks at these that are under way; tell until when, None if for none."""

    def reasons(self, inbox_ids: Sequence[int]) -> dict[int, str]:
        """Say of those that are withheld, or looked at, why."""
