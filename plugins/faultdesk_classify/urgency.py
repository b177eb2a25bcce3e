"""How urgent the writer's own form says it is: a client's word moves the severity by a step, and no further."""

from faultdesk.domain.fold import fold
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Severity
from faultdesk_classify.labelled import form_of, labelled, value_of
from faultdesk_classify.learned.tokens import put_together
from faultdesk_classify.people import MOST_CHARACTERS

_RAISED = {Severity.LOW: Severity.NORMAL, Severity.NORMAL: Severity.HIGH}
_LABELLED = labelled(
    *(
        f"{what}{scale}"
        for what in ("紧急", "緊急", "缓急", "緩急", "严重", "嚴重")
        for scale in ("程度", "级别", "級別")
    ),
    *("紧急等级", "緊急等級", "优先级", "優先級", "优先级别", "優先級別", "优先程度"),
    *("urgency(?: level)?", "priority(?: level)?", "severity"),
)
_LONGEST = 20
_DENIES = ("不", "非", "无", "not ", "non", "no ")
_LITTLE = ("低", "轻", "low", "minor")
_MUCH = (
    "急",
    "高",
    "严重",
    "重大",
    "urgent",
    "high",
    "critical",
    "emergency",
    "asap",
    "immediate",
    "severe",
    "p1",
)


def urged(severity: Severity, message: InboundMessage) -> Severity:
    """Raise a severity by a step, to high at most, or lower what is normal, as the form's own field asks."""
    word = fold(_told(message), _LONGEST)
    presses = any(much in word for much in _MUCH)
    is_denied = any(word.startswith(negation) for negation in _DENIES)
    if presses and not is_denied:
        return _RAISED.get(severity, severity)
    if (presses or any(little in word for little in _LITTLE)) and severity is Severity.NORMAL:
        return Severity.LOW
    return severity


def _told(message: InboundMessage) -> str:
    own = put_together({"text": message.text, "attached_text": message.attached_text}, MOST_CHARACTERS)
    read = value_of(_LABELLED, own, fewest=1)
    return form_of(message).get("urgency") or (read.value if read else "")
