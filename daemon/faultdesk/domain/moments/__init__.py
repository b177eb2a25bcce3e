"""When a fault began or was noticed: "昨晚8点", "since Friday", resolved by the day on which the message was written.

A library for dates in general was tried for this: dateparser knows few of the Chinese phrases, JioNLP knows
no English ones and takes 70 MB; and both take deadlines, habits and old repairs for the fault's hour.
"""

import re
import unicodedata
from datetime import MAXYEAR, MINYEAR, datetime, time, timedelta
from typing import NamedTuple

from faultdesk.domain.fold import simplified
from faultdesk.domain.moments.chinese import told_in_chinese
from faultdesk.domain.moments.english import told_in_english
from faultdesk.domain.moments.told import Told

_MOST_CHARACTERS = 3_000
_OLDEST = timedelta(days=120)
"""What lies further back is history: the day it was built, the last repair."""
_DOTTED = re.compile(r"^((?:今天|昨天|today|yesterday)?\s?\d{1,2})\.([0-5]\d)$", re.IGNORECASE)
"""An hour as in 14.30."""
_NOW = frozenset({"now", "just now", "现在", "刚才", "刚刚"})
_SMALL_HOURS = 6
"""Before them "23:50" is of the evening before."""
_SLOW_CLOCK = timedelta(minutes=30)
"""By which the sender's clock may be late, or the writer's "about"."""


class Moment(NamedTuple):
    """An ISO date, or date-time when the hour is told, and where the text names it."""

    when: str
    start: int
    end: int


def occurred_at(text: str, written: datetime | None) -> Moment | None:
    """Find when it began, else when it was noticed; None if not said.

    `written` is the message's Date, in the writer's own zone: relative words mean its days.
    """
    if written is None:
        return None
    plain, today = simplified(text[:_MOST_CHARACTERS]), written.date()
    told = (*told_in_chinese(plain, written), *told_in_english(plain, today))
    past = [one for one in told if today - _OLDEST <= one.day and not _is_to_come(one, written)]
    if not past:
        return None
    first = min(past, key=lambda one: (not one.is_onset, one.start))
    when = first.day.isoformat()
    if first.clock is not None:
        when = datetime.combine(first.day, time(*first.clock), written.tzinfo).isoformat(timespec="minutes")
    return Moment(when, first.start, first.end)


def clock_time(words: str, now: datetime) -> datetime | None:
    """Read a time as people write what they have done: "14:30", "昨天下午3点", "2026-03-05 14:30"; None for no time.

    `now` is when it was written, in the writer's zone: a time without a day is of that day.
    """
    plain = _DOTTED.sub(r"\1:\2", simplified(unicodedata.normalize("NFKC", words).strip()))
    if plain.lower() in _NOW:
        return now
    # A date alone is no time: it would be midnight.
    exact = _exact(plain) if ":" in plain else None
    if exact is not None:
        is_far = exact.year in {MINYEAR, MAXYEAR}  # no other zone has the ends of time
        return None if is_far else exact if exact.tzinfo else exact.replace(tzinfo=now.tzinfo)
    for day, text in (("named", plain), ("", f"today at {plain}"), ("", f"今天{plain}")):
        told = (*told_in_chinese(text, now), *told_in_english(text, now.date()))
        found = next((one for one in told if one.clock is not None), None)
        if found is not None and found.clock is not None:
            moment = datetime.combine(found.day, time(*found.clock), now.tzinfo)
            is_of_yesterday = not day and now.hour < _SMALL_HOURS and moment > now
            return moment - timedelta(days=is_of_yesterday)
    return None


def _exact(text: str) -> datetime | None:
    """Read ISO 8601; None for anything else."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _is_to_come(told: Told, written: datetime) -> bool:
    """Tell whether a day, or the hour of a day, had not come when the message was written."""
    if told.day != written.date() or told.clock is None:
        return told.day > written.date()
    return datetime.combine(told.day, time(*told.clock), written.tzinfo) > written + _SLOW_CLOCK
