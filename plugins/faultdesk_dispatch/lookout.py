"""What will be wrong with the roster soon."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from faultdesk.domain.people import People, Post
from faultdesk_dispatch.roster import Roster

_AHEAD = timedelta(days=7)
"""How early it is told."""
_SHORTEST_HOLE = timedelta(minutes=1)


def warnings_of(roster: Roster, people: People, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """Tell when no engineer is on duty who is there, and of names that are nobody's; nothing where there is no roster."""
    if not roster:
        return

    def is_there(name: str, on: date) -> bool:
        there = (people.present(person, on) for person in people.named(name))
        return any(one is not None and one.post is Post.ENGINEER for one in there)

    until = now + _AHEAD
    for begin, end in roster.holes(now, until, zone, is_there):
        if end - begin >= _SHORTEST_HOLE:
            yield (
                f"no engineer is on duty from {begin.astimezone(zone):%Y-%m-%d %H:%M} "
                f"to {end.astimezone(zone):%Y-%m-%d %H:%M}"
            )
    names = {duty.who.strip() for duty in roster.duties(now, until, zone)}
    for name in sorted(name for name in names if len(people.named(name)) != 1):
        what = "several" if people.named(name) else "nobody"
        yield f"the roster names {name or 'an event without summary'}, who is {what} of people"
