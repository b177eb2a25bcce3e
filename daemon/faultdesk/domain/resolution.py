"""How a fault went away, as the written report tells it (P11)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from faultdesk.domain.commands import Field
from faultdesk.domain.promise import REOPENED
from faultdesk.domain.ticket import Event

RESOLVED, DRAFTED, RESTORED = "resolved", "resolution_drafted", "restored"
"""The events of a resolution, of a part of one, and of a recovery that is told before the rest."""
REQUIRED = (Field.CAUSE, Field.METHOD, Field.TIME)
_DATA = {Field.CAUSE: "cause", Field.METHOD: "method", Field.PARTS: "parts", Field.TIME: "recovered_at"}


def resolution_in(log: Sequence[Event]) -> Mapping[Field, str]:
    """Put together what was told of a resolution that is not complete yet; a time is ISO 8601."""
    told: dict[Field, str] = {}
    for event in log:
        if event.kind in {REOPENED, RESOLVED}:
            told.clear()
        elif event.kind in {DRAFTED, RESTORED}:
            told |= {field: event.data[name] for field, name in _DATA.items() if event.data.get(name)}
    return told


def is_drafted(log: Sequence[Event]) -> bool:
    """Tell whether somebody has begun to tell of a resolution."""
    last = next((event.kind for event in reversed(log) if event.kind in {DRAFTED, RESOLVED, REOPENED}), "")
    return last == DRAFTED


def drafted(
    told: Mapping[Field, str], by: str, at: datetime | None = None, attached: Sequence[str] = ()
) -> Event:
    """Write down what was told so far, and the files that came with it."""
    data: dict[str, Any] = {_DATA[field]: words for field, words in told.items()}
    return Event(DRAFTED, data | ({"attached": list(attached)} if attached else {}), at, by)


def attached_in(log: Sequence[Event]) -> list[str]:
    """Name the files that came with the parts of a resolution that is not complete yet."""
    begun = next(
        (at for at, event in enumerate(reversed(log)) if event.kind in {REOPENED, RESOLVED}), len(log)
    )
    parts = (event for event in log[len(log) - begun :] if event.kind == DRAFTED)
    return [name for part in parts for name in part.data.get("attached", ())]


def missing(told: Mapping[Field, str]) -> tuple[Field, ...]:
    """Name what the report still needs."""
    return tuple(field for field in REQUIRED if not told.get(field, "").strip())


def resolved(
    told: Mapping[Field, str],
    log: Sequence[Event],
    completed_at: datetime,
    by: str,
    **more: Any,  # noqa: ANN401 - of an event
) -> Event:
    """Write down a complete resolution; its number is that of the report."""
    number = sum(event.kind == RESOLVED for event in log) + 1
    data = {_DATA[field]: words for field, words in told.items()}
    return Event(
        RESOLVED, {**data, "completed_at": completed_at.isoformat(), "number": number, **more}, actor=by
    )
