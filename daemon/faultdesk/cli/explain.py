"""explain: which time counted against each deadline, and why."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import typer

from faultdesk.adapters.sql.store import SqlTransaction
from faultdesk.cli.context import configuration, database
from faultdesk.cli.show import AsJson, listing
from faultdesk.cli.tickets import Reference, find_ticket
from faultdesk.domain.account import Account, accounts_of
from faultdesk.domain.calendar import Stretch, counted
from faultdesk.domain.promise import earlier_rounds
from faultdesk.domain.ticket import Deadline

_COLUMNS = ("clock", "from", "to", "counted", "due", "state", "why")


def explain(context: typer.Context, reference: Reference, as_json: AsJson = False) -> None:
    """Show which time counted against each deadline, and why."""
    zone = configuration(context).desk.time_zone
    with database(context) as opened, opened.read() as connection:
        transaction = SqlTransaction(connection)
        found = find_ticket(transaction, reference)
        earlier = earlier_rounds(transaction.tickets.events(found.id))
    now = datetime.now(UTC)
    deadlines = (*earlier, *found.deadlines)
    accounts = list(zip(deadlines, accounts_of(deadlines, now), strict=True))
    if as_json:
        rows = [
            _clock(deadline, account, now) | {"stretches": [_stretch(part) for part in account.parts]}
            for deadline, account in accounts
        ]
    else:
        rows = [row for deadline, account in accounts for row in _for_people(deadline, account, now)]
    listing(rows, _COLUMNS, zone, as_json=as_json, exact=True)


def _for_people(deadline: Deadline, account: Account, now: datetime) -> Iterator[dict[str, Any]]:
    """Tell a clock in a row, every stretch until the deadline in one of its own, and the rest in one."""
    yield _clock(deadline, account, now)
    if len(account.parts) == 1:
        return
    after = [part for part in account.parts if part.start >= deadline.due_at]
    yield from (_stretch(part) for part in account.parts if part.start < deadline.due_at)
    if after:
        late = {"from": after[0].start, "to": after[-1].end, "counted": _hours(counted(after))}
        yield late | {"why": f"after the deadline, {len(after)} stretches (--json)"}


def _clock(deadline: Deadline, account: Account, now: datetime) -> dict[str, Any]:
    return {
        "clock": account.clock,
        "from": account.start,
        "to": account.end,
        "counted": _hours(account.counted),
        "due": deadline.due_at,
        "state": _state(deadline, now),
        "why": account.reason,
    }


def _stretch(part: Stretch) -> dict[str, Any]:
    counts = _hours(part.length) if part.counts else "-"
    return {"from": part.start, "to": part.end, "counted": counts, "why": part.why}


def _hours(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _state(deadline: Deadline, now: datetime) -> str:
    if deadline.met_at is not None:
        return "kept" if deadline.met_at <= deadline.due_at else "broken"
    if deadline.is_breached(now):
        return "breached"
    return "paused" if deadline.is_paused else "running"
