"""What an invitation says (RFC 5545), for a mail that says nothing else."""

from icalendar import Calendar

_SAYING = ("summary", "dtstart", "location", "description")


def meeting_text(octets: bytes) -> str:
    """Give summary, start, place and description of the events, or "" when it is no calendar."""
    try:
        events = Calendar.from_ical(octets.decode("utf-8", "replace")).walk("VEVENT")
        return "\n\n".join(
            "\n".join(_said(event.get(name)) for name in _SAYING if event.get(name)) for event in events
        )
    # It raises what its properties' parsers raise.
    except Exception:  # noqa: BLE001
        return ""


def _said(value: object) -> str:
    moment = getattr(value, "dt", None)
    return str(value if moment is None else moment)
