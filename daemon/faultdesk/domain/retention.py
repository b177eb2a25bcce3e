"""What is kept of a ticket when the words of people go: what its figures follow from."""

import calendar
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from faultdesk.domain.ticket import Event

_AGE = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?", re.ASCII)

_KEPT: Mapping[str, tuple[str, ...]] = {
    "opened": ("inbox", "noticed_at", "promise"),
    "promised": ("promise",),
    "classified": ("kind",),
    "entitled": ("basis", "charge"),
    "arrived": ("arrived_at",),
    "message_received": ("inbox", "proof"),
    "automatic_mail_received": ("inbox",),
    "mail_sent": ("purpose", "message_id"),
    "mail_withheld": ("purpose",),
    "fax_sent": ("purpose", "message_id"),
    "fax_delivered": ("purpose", "message_id"),
    "undelivered": ("purpose", "message_id"),
    "sent_otherwise": ("purpose", "message_id", "instead"),
    "unreached": ("purpose", "message_id"),
    "answered": ("message_id", "answered_at"),
    "restored": ("recovered_at",),
    "closed": ("lacks",),
    "breached": ("clock", "due_at"),
    "resolved": ("number", "recovered_at", "completed_at"),
    "warned": ("clock", "step", "skipped"),
    "escalated": ("clock", "step", "skipped"),
    "handler_failed": ("hook",),
    "job_parked": ("job", "kind"),
}
"""Of any other event nothing is kept but that it happened: a stranger's handler may have written anything."""

_FIGURES = ("kind", "fault_class", "system", "severity", "confidence", "unsolicited")


def moment_before(now: datetime, age: str) -> datetime:
    """Go back from `now` by an ISO 8601 duration of years, months, weeks and days, as in "P2Y6M".

    Raises:
        ValueError: It is none, or goes back before all time.
    """
    match = _AGE.fullmatch(age)
    if match is None:
        raise ValueError(f"{age}: not a duration as in P2Y, P6M or P90D")
    years, months, weeks, days = (int(part or 0) for part in match.groups())
    year, month = divmod(now.year * 12 + now.month - 1 - (years * 12 + months), 12)
    try:
        day = min(now.day, calendar.monthrange(year, month + 1)[1])
        return now.replace(year=year, month=month + 1, day=day) - timedelta(weeks=weeks, days=days)
    except (ValueError, OverflowError, IndexError) as error:
        raise ValueError(f"{age}: longer than there is time") from error


def without_words(event: Event) -> Event:
    """Leave of an event what figures follow from, and nobody's words or address."""
    kept = {name: event.data[name] for name in _KEPT.get(event.kind, ()) if name in event.data}
    return Event(event.kind, kept, event.at, "" if "@" in event.actor else event.actor)


def figures_of(classification: Mapping[str, Any]) -> dict[str, Any]:
    """Leave of a classification what is counted, and none of the words that told."""
    return {name: classification[name] for name in _FIGURES if name in classification}


def rename(value: Any, address: str, name: str) -> Any:  # noqa: ANN401 - JSON
    """Put `name` where an address stands in a JSON value, alone or among other words, in any case."""
    if isinstance(value, str):
        return re.sub(re.escape(address), lambda _: name, value, flags=re.IGNORECASE)
    if isinstance(value, list):
        return [rename(item, address, name) for item in value]
    if isinstance(value, dict):
        return {key: rename(item, address, name) for key, item in value.items()}
    return value
