"""Parts a body: what is new, the history quoted with it, and what closes it."""

import re
from typing import NamedTuple

from faultdesk.reading.closings import part
from faultdesk.reading.marks import Mark, find_mark, is_forward, next_filled

_UNQUOTED = re.compile(r"^\s{0,3}>[ ]?")
_MEASURE = re.compile(r"\s*>=?\s?\d(?!\d{3}\s?[年/-])")
"""">30 °C", which outside an answered quote is no quotation; "> 2026年…" is the date of one."""
_MOST_FORWARDS = 20
"""Forwards in forwards whose quotation marks are taken off: for each, all lines below it are written anew."""
_EMPTY_LINES = re.compile(r"\n{3,}")


class Body(NamedTuple):
    """A body in its parts."""

    text: str
    quoted: str
    signature: str
    forward: Mark | None = None
    """The head of the mail that is passed on in `text`."""
    may_be_anothers: bool = False
    """Words in `text` may be quoted or passed on: the writer wrote nothing above them, or a forward's head stands there."""


def part_body(body: str, subject: str = "") -> Body:
    """Part a body. A forwarded mail is the request itself and stays in `text`, so does an answer below a quote."""
    return _Parting(body, is_forward(subject)).result()


class _Parting:
    """Goes from mark to mark. `_own` holds stretches of the writer's lines, each with its own closing."""

    def __init__(self, body: str, forwarded: bool) -> None:  # noqa: FBT001
        self._lines = body.split("\n")
        self._forwarded = forwarded
        self._forward: Mark | None = None
        self._is_answer = False
        self._begins_with_history = False
        self._opened = 0
        self._own: list[list[str]] = []
        self._quoted: list[str] = []
        self._walk()

    def result(self) -> Body:
        if not self._is_answer and not _filled(self._own):
            self._own, self._quoted = [[_UNQUOTED.sub("", line) for line in self._quoted]], []
            self._begins_with_history = True
        text: list[str] = []
        closing: list[str] = []
        for stretch in self._own:
            new, closed = part(stretch)
            text += new
            closing += closed
        if not _filled([text]) and not _filled([self._quoted]):
            text, closing = closing, []
        may_be_anothers = self._begins_with_history or self._forward is not None
        return Body(_joined(text), _joined(self._quoted), _joined(closing), self._forward, may_be_anothers)

    def _walk(self) -> None:
        at = 0
        while (mark := find_mark(self._lines, at)) is not None:
            has_new = self._keep(at, mark.start)
            led_in = self._lines[mark.start : mark.end]
            if mark.forwards or self._forwarded or (self._forward and not has_new):
                self._open_forward(mark)
            elif self._is_prefixed(mark.end):
                self._is_answer = True
                self._quoted += led_in
            elif not _filled(self._own):
                # Nothing stands above: a memo's head, or the answer is somewhere below. Keep all.
                self._begins_with_history = True
                self._own.append(led_in)
            else:
                self._quoted += self._lines[mark.start :]
                return
            at = mark.end
        self._keep(at, len(self._lines))

    def _keep(self, start: int, end: int) -> bool:
        """Take lines as the writer's, those behind ">" as quoted; tell whether there was something new."""
        stretch: list[str] = []
        has_new = False
        for line in self._lines[start:end]:
            if line.lstrip().startswith(">") and (self._is_answer or not _MEASURE.match(line)):
                if stretch:
                    self._own.append(stretch)
                    stretch = []
                self._quoted.append(line)
            else:
                stretch.append(line)
                has_new = has_new or bool(line.strip())
        self._own.append(stretch)
        return has_new

    def _open_forward(self, mark: Mark) -> None:
        """Go on with the forwarded mail as if it were the writer's own; what it answers is history again."""
        self._quoted += self._lines[mark.start : mark.end]
        self._forward = self._forward or mark
        self._forwarded = is_forward(mark.subject)
        self._opened += 1
        if self._opened <= _MOST_FORWARDS and self._is_prefixed(mark.end):
            self._lines[mark.end :] = [_UNQUOTED.sub("", line) for line in self._lines[mark.end :]]

    def _is_prefixed(self, start: int) -> bool:
        at = next_filled(self._lines, start)
        return at < len(self._lines) and self._lines[at].lstrip().startswith(">")


def _filled(stretches: list[list[str]]) -> bool:
    return any(line.strip() for stretch in stretches for line in stretch)


def _joined(lines: list[str]) -> str:
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")
