"""The marks mail programs leave: where history begins, where a forwarded mail begins, what closes a mail.

Every pattern looks at one line of bounded length, so none can take more than linear time.
"""

import re
from typing import NamedTuple

_LONGEST_LINE = 400
_FIELDS_WITHIN = 14
"""Lines a header block may span, with folded recipients and empty lines."""
_DASHES = r"[-—_=*]{2,80}"
_ORIGINAL = re.compile(
    rf"{_DASHES}\s*(?:回复的?|回覆的?|答复的?)?(?:原始?(?:邮件|郵件|消息|訊息|信件)|(?:邮件|郵件)原[文件]|(?:original|replied)(?: (?:message|mail|appointment))?)"
    rf"(?:信息)?\s*(?:{_DASHES})?|原始(?:邮件|郵件)",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    rf"{_DASHES}\s*(?:(?:被|以下是)?(?:转发|轉寄|轉發)的?原?(?:邮件|郵件|消息|訊息)(?:信息)?|forwarded (?:message|by)[^\n]{{0,80}}?)"
    rf"\s*(?:{_DASHES})?|begin forwarded message\s*[:：]|(?:以下是|下面是|开始|開始)(?:转发|轉寄|轉發)的?(?:邮件|郵件)\s*[:：]?",
    re.IGNORECASE,
)
_WROTE = re.compile(r"(?:\bwrote|写道|寫道|a écrit|schrieb[^\n]{0,100})\s?[:：]?\s*(?:-{2,80})?$")
_WROTE_BEGINS = re.compile(r"(?:On|在|于|於|Le|Am)\b|在|于|於")
_ENDS_IN_ADDRESS = re.compile(r"@[^\s<>]{1,255}>$")
_GOES_ON_WITH_DATE = re.compile(r"[于於]\s?\d")
_MOMENT = re.compile(r"\d{1,2}\s?[:：]\s?\d\d|@|\d\s?月\s?\d|\d/\d{1,2}/\d|\d-\d{1,2}-\d")
_RULE = re.compile(r"[-_—=]{5,200}")
_RULED = re.compile(r"-{3,80}[^-\n]{1,40}-{3,80}")
"""A title between rules, in whatever words: it leads in history if a header block stands right below."""
_LABELS = {
    "from": r"发\s?件\s?人|发信人|寄件者|寄件人|發件人|from",
    "date": r"(?:发送|发件|傳送|發送|寄件)(?:时间|日期|時間)|日\s?期|时\s?间|時\s?間|sent|date",
    "to": r"收\s?件\s?人|收件者|to",
    "copy": r"抄\s?送人?|副本|cc",
    "subject": r"主\s?题|主\s?旨|主\s?題|subject",
    "rest": r"附件|重要性|attachments|importance|回复|reply-to",
}
_FIELD = re.compile(
    r"[\s|*•]{0,8}(?:"
    + "|".join(f"(?P<{n}>{p})" for n, p in _LABELS.items())
    + r")[\s*]{0,4}[:：|\t](?P<value>.*)",
    re.IGNORECASE | re.DOTALL,
)
_FORWARD_SUBJECT = re.compile(
    r"(?:\s|\[[^\]]{0,80}\]|【[^】]{0,80}】)*(?:转发|轉寄|轉發|fwd?|fyi)\s*[:：]", re.IGNORECASE
)


class Mark(NamedTuple):
    """Lines `start` up to `end` (exclusive) that lead in another mail; `sender` and `subject` are that mail's, as written."""

    start: int
    end: int
    forwards: bool = False
    sender: str = ""
    subject: str = ""


def is_forward(subject: str) -> bool:
    """Tell whether a subject says that a mail is passed on as it is."""
    return _FORWARD_SUBJECT.match(subject) is not None


def find_mark(lines: list[str], start: int) -> Mark | None:
    """Find the first mark from this line on."""
    for at in range(start, len(lines)):
        line = lines[at].strip()
        if not line or len(line) > _LONGEST_LINE or line.startswith(">"):
            continue
        mark = _separator(lines, at, line) or _header_block(lines, at, line) or _wrote(lines, at, line)
        if mark is not None:
            return mark
    return None


def _separator(lines: list[str], at: int, line: str) -> Mark | None:
    """Recognise "---- Original Message ----" and its kin, with the header block below it."""
    line = line.replace("\xa0", " ")
    forwards = _FORWARDED.fullmatch(line) is not None
    is_known = forwards or _ORIGINAL.fullmatch(line) is not None
    if not is_known and not _RULED.fullmatch(line):
        return None
    below = next_filled(lines, at + 1)
    block = _fields(lines, below) if below < len(lines) else None
    if block:
        return block._replace(start=at, forwards=forwards)
    return Mark(at, at + 1, forwards) if is_known else None


def _header_block(lines: list[str], at: int, line: str) -> Mark | None:
    """Recognise the "From, Sent, To, Subject" that Outlook and others put above the history."""
    first = _FIELD.match(line)
    if not first and not _RULE.fullmatch(line):
        return None
    begin = at if first else next_filled(lines, at + 1)
    block = _fields(lines, begin) if begin < len(lines) else None
    # A ruled line far above, or a memo's "Date:" and "Subject:", is no history.
    return block and block._replace(start=at)


def _fields(lines: list[str], start: int) -> Mark | None:
    """Read a block of header fields: From, a date or a subject, and at least one more."""
    seen: set[str] = set()
    end, sender, subject = start, "", ""
    for at in range(start, min(start + _FIELDS_WITHIN, len(lines))):
        field = _FIELD.match(lines[at][:_LONGEST_LINE])
        if field is None:
            if at == start or (len(seen) > 1 and not lines[at].strip() and "subject" in seen):
                break
            continue
        name = field.lastgroup if field.lastgroup != "value" else None
        name = name or next(label for label in _LABELS if field[label])
        if name in seen and name != "rest":
            break
        seen.add(name)
        end = at + 1
        sender = field["value"].strip() if name == "from" else sender
        subject = field["value"].strip() if name == "subject" else subject
    # A form may ask for a sender, a date and a subject, too; only mail has recipients or addresses.
    is_mail = "to" in seen or any("@" in line for line in lines[start:end])
    is_block = is_mail and "from" in seen and len(seen) > 2 and bool(seen & {"date", "subject"})  # noqa: PLR2004
    return Mark(start, end, sender=sender, subject=subject) if is_block else None


def _wrote(lines: list[str], at: int, line: str) -> Mark | None:
    """Recognise "On ... wrote:", which may be folded over three lines."""
    for count in (1, 2, 3):
        if _WROTE.search(line) and _MOMENT.search(line):
            return Mark(at, at + count)
        if at + count >= len(lines) or len(line) > _LONGEST_LINE:
            return None
        begins = _WROTE_BEGINS.match(line) or (
            _ENDS_IN_ADDRESS.search(line) and _GOES_ON_WITH_DATE.match(lines[at + count].strip())
        )
        if not begins:
            return None
        line += " " + lines[at + count][:_LONGEST_LINE].strip()
    return None


def next_filled(lines: list[str], start: int) -> int:
    """Find the next line that is not empty; the count of lines when there is none."""
    return next((at for at in range(start, len(lines)) if lines[at].strip()), len(lines))
