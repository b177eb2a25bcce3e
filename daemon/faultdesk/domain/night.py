"""When what is done at night is done."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_night(now: datetime, at: str, zone: ZoneInfo) -> datetime:
    """Tell when a clock in this zone shows `at` next, "03:30", after `now`."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), time.fromisoformat(at), zone)
    return today if today > local else today + timedelta(days=1)
