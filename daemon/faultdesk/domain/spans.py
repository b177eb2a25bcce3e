"""Spans of time as people write them: 4, 30 min, 2 天, 1.5h."""

import re
from datetime import timedelta

import msgspec

_SPAN = re.compile(
    r"(\d{1,8}(?:\.\d{1,2})?)\s?(h|hours?|小时|小時|min|minutes?|分钟|分鐘|d|days?|天|s|seconds?|秒)?",
    re.IGNORECASE,
)
_SECONDS = {"h": 3600, "小": 3600, "m": 60, "分": 60, "d": 86400, "天": 86400, "s": 1, "秒": 1}
_DAYS = frozenset("d天")


def span_of(text: str) -> timedelta | None:
    """Read a span; a mere number is hours, ISO 8601 as in PT4H will do. None for what is none."""
    if text.strip()[:1].upper() == "P":
        return _iso(text.strip().upper())
    match = _SPAN.fullmatch(text.strip())
    return timedelta(seconds=float(match[1]) * _SECONDS[_unit(match)]) if match else None


def _iso(text: str) -> timedelta | None:
    try:
        return msgspec.convert(text, timedelta)
    except msgspec.ValidationError:
        return None


def is_in_days(text: str) -> bool:
    """Tell whether a span is told in days, whose hours a calendar may have."""
    match = _SPAN.fullmatch(text.strip())
    return match is not None and _unit(match) in _DAYS


def _unit(match: re.Match[str]) -> str:
    return (match[2] or "h").lower()[0]
