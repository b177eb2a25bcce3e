"""When a fault began or was noticed: "昨晚8点", "since Friday", resolved by the day on which the message was written.

A library for dates in general was tried for this: dateparser knows few of the Chinese phrases, JioNLP knows
no English ones and takes 70 MB; and both take deadlines, habits and old repairs for the fault's hour.
"""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from faultdesk_classify.fold import simplified
from faultdesk_classify.moments.chinese import told_in_chinese
from faultdesk_classify.moments.english import told_in_english
from faultdesk_classify.moments.told import Told

_MOST_CHARACTERS = 3_000
_OLDEST = timedelta(days=120)
"""What lies further back is history: the day it was built, the last repair."""
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


def _is_to_come(told: Told, written: datetime) -> bool:
    """Tell whether a day, or the hour of a day, had not come when the message was written."""
    if told.day != written.date() or told.clock is None:
        return told.day > written.date()
    return datetime.combine(told.day, time(*told.clock), written.tzinfo) > written + _SLOW_CLOCK
