"""The time of this machine."""

from datetime import UTC, datetime


class SystemClock:
    """Tells the machine's time."""

    def now(self) -> datetime:
        """Tell the time, aware UTC."""
        return datetime.now(UTC)
