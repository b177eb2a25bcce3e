"""What an engineer orders by mail: a command a line, at the top of an answer, in Chinese or English.

As with Debian's control@: lines are anchored, what is not understood is said, and nothing is guessed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from faultdesk.domain.courtesy import is_courtesy


class Command(StrEnum):
    """What can be ordered."""

    ACCEPT = "accept"
    REASSIGN = "reassign"
    CALLED = "called"
    """The client was answered by telephone."""
    ARRIVED = "arrived"
    VISIT = "visit"
    """Somebody has to go there."""
    WAITING = "waiting"
    RESUME = "resume"
    RESTORED = "restored"
    RESOLVED = "resolved"
    STUCK = "stuck"
    NOTE = "note"
    REPLY = "reply"
    CLASS = "class"
    CLOSE = "close"


class Field(StrEnum):
    """What is told of a resolution, on lines of their own: "原因: ..."."""

    CAUSE = "cause"
    METHOD = "method"
    PARTS = "parts"
    TIME = "time"


class Order(msgspec.Struct, frozen=True):
    """A command or a field as it was written, whole; `words` is what stands behind its name."""

    what: Command | Field
    words: str
    line: str


class Orders(msgspec.Struct, frozen=True):
    """All that stands at the top of a mail."""

    found: tuple[Order, ...] = ()
    puzzling: tuple[str, ...] = ()
    """Lines that are no command."""
    is_cut: bool = False
    """Reading stopped at the last of the puzzling lines."""
    is_long: bool = False
    """There are more lines than are read."""


MOST_PUZZLING = 5
_NAMES: Mapping[Command, str] = {
    Command.ACCEPT: "接单|接單|受理|accept(?:ed)?",
    Command.REASSIGN: "转派|轉派|改派|reassign(?:ed)?",
    Command.CALLED: "致电|電聯|电联|电话联系|電話聯繫|电话答复|電話答覆|called|phoned",
    Command.ARRIVED: "到场|到場|到达现场|到達現場|到达|到達|抵达|抵達|(?<=已)上[门門]|(?<=已经)上[门門]|(?<=已經)上[门門]|上[门門]了|arrived|on[ -]site",
    Command.VISIT: "(?:需要?|派人)?(?<!已)(?<!已经)(?<!已經)上[门門]|visit(?: needed)?",
    Command.WAITING: "等待客户|等待客戶|等客户|等客戶|waiting(?: for)?(?: the)? client|waiting(?=:)",
    Command.RESUME: "继续|繼續|resumed?",
    Command.RESTORED: "恢复|恢復|restored",
    Command.RESOLVED: "解决|解決|完工|resolved?|solved|fixed",
    Command.STUCK: "无法解决|無法解決|stuck",
    Command.NOTE: "备注|備註|備注|notes?",
    Command.REPLY: "回复客户|回覆客戶|回復客戶|回复客戶|reply(?: to(?: the)? client)?",
    Command.CLASS: "分类|分類|classification|class",
    Command.CLOSE: "关闭|關閉|关单|關單|结案|結案|close",
}
_FIELDS: Mapping[Field, str] = {
    Field.CAUSE: "原因|故障原因|cause|root cause",
    Field.METHOD: "方法|处理方法|處理方法|处理过程|處理過程|处理|處理|method|handling",
    Field.PARTS: "备件|備件|配件|更换配件|parts?|spares?",
    Field.TIME: "时间|時間|恢复时间|恢復時間|time|recovered|recovery time",
}
# A Chinese name may be followed at once by a time, "到场14:30"; people write "已到场" and "解决了。".
_LINE = re.compile(
    "|".join(rf"(?P<{command.name}>(?:我?已[经經]?)?(?:{names}))" for command, names in _NAMES.items()),
    re.IGNORECASE,
)
_BEHIND = re.compile(r"\s*了?\s*(?:[:。.!,，]\s*|\s+|(?=\d)|$)(?P<words>.*)")
_FIELD = re.compile(
    "(?:"
    + "|".join(rf"(?P<{field.name}>{names})" for field, names in _FIELDS.items())
    + r")\s*(?::|(?<=[时時][间間])\s+(?=\d)|(?<=time)\s+(?=\d))\s*(?P<words>.*)",
    re.IGNORECASE,
)
_ALONE = {Command.VISIT, Command.ACCEPT, Command.RESUME, Command.RESOLVED}
"""What takes nothing behind it: "Fixed the date with Ms Li" is no command."""
_WITH_COLON = {Command.CLOSE, Command.NOTE, Command.REPLY, Command.STUCK}
"""In English these begin sentences too, "reply from the vendor ...": only with a colon or alone."""
_GOES_ON = {Command.STUCK, Command.NOTE, *Field}
"""What may take several lines, up to an empty one or one that only thanks."""
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
MOST_LINES, _LONGEST_LINE = 200, 2_000
_MOST_GOING_ON = 20
"""Lines of one field."""
_ENDS = ("--", "——")
_LISTED = re.compile(r"\d{1,2}\s?[.、)）]|[①-⑳•·]|[*-]\s")
"""What goes on with a list, an empty line before it or not."""


def read_orders(text: str) -> Orders:
    """Read the commands at the top of a text; up to a line "--", or the fifth that is none."""
    found: list[Order] = []
    puzzling: list[str] = []
    room = 0
    every = text.splitlines()
    lines = iter(every[:MOST_LINES])
    for line in lines:
        if _ends(line):
            break
        order = _order(line)
        if order is not None:
            found.append(_with_rest(order, lines) if order.what is Command.REPLY else order)
            room = _MOST_GOING_ON if order.what in _GOES_ON else 0
        elif not line.strip():
            room = -room if room > 0 else room
        elif room < 0 and _LISTED.match(line.strip()):
            found[-1], room = _with(found[-1], line.strip()), -room - 1
        elif room > 0 and not is_courtesy(line):
            found[-1], room = _with(found[-1], line.strip()), room - 1
        else:
            room = 0
            puzzling.append(line.strip())
            if len(puzzling) == MOST_PUZZLING:
                return Orders(tuple(found), tuple(puzzling), is_cut=True)
    return Orders(tuple(found), tuple(puzzling), is_long=len(every) > MOST_LINES and not _ended(every))


def _ended(lines: Sequence[str]) -> bool:
    return any(_ends(line) for line in lines[:MOST_LINES])


def _ends(line: str) -> bool:
    return line.translate(_HALF_WIDTH).startswith(_ENDS)


def _with(order: Order, more: str) -> Order:
    """Add lines to what is told."""
    return Order(order.what, f"{order.words}\n{more}".strip(), f"{order.line}\n{more}")


def _with_rest(order: Order, lines: Iterator[str]) -> Order:
    """Take what follows as the words for the client, up to "--"."""
    rest = []
    for line in lines:
        if _ends(line):
            break
        rest.append(line.rstrip())
    return _with(order, "\n".join(rest).rstrip())


def _order(line: str) -> Order | None:
    written = line.strip()
    if len(written) > _LONGEST_LINE:
        return None
    plain = written.translate(_HALF_WIDTH)
    if field := _FIELD.fullmatch(plain):
        what = next(one for one in Field if field[one.name])
        return Order(what, written[field.start("words") :].strip(), written)
    named = _LINE.match(plain)
    behind = _BEHIND.fullmatch(plain, named.end()) if named else None
    if named is None or behind is None:
        return None
    command = next(one for one in Command if named[one.name])
    words = written[behind.start("words") :].strip()
    if command in _ALONE and words:
        return None
    if (
        command in _WITH_COLON
        and words
        and named[0].isascii()
        and ":" not in plain[named.end() : behind.start("words")]
    ):
        return None
    return Order(command, words, written)
