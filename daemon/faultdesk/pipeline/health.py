"""What stands still although it should move, as the pipeline needs it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Health(Protocol):
    """What stands still although it should move, and what people were told of it."""

    def troubles(self, mailboxes: Mapping[str, datetime], before: datetime) -> dict[str, str]:
        """Name what has not moved since `before`, and mailboxes not reached since their moment; with reasons."""

    def forget_the_future(self, now: datetime) -> None:
        """Let no mailbox have been reached after `now`: the clock was ahead, and silence would hide behind it."""

    def alarms(self) -> dict[str, str]:
        """Name what people were told of and not yet told that it is over, with the reason."""

    def raise_alarm(self, name: str, reason: str, now: datetime) -> bool:
        """Note that people are told; False when somebody did so already."""

    def clear_alarm(self, name: str) -> bool:
        """Note that people are told that it is over; False when somebody did so already."""
