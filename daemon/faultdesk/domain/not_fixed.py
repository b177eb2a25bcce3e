"""Tells from a client's answer to a resolution that the fault is not gone (P6)."""

import re

from faultdesk.domain.ticket import Classification, Kind

_STILL = re.compile(
    r"又|还是|還是|还没|還沒|仍|依旧|依舊|依然|没修|沒修|没好|沒好|不行|无效|無效|复发|復發|再次|仲係|仲未|唔得"
    r"|\b(?:again|still|not fixed|not solved|not resolved|unresolved|no change|no better|not help|is back|'s back|’s back|returned|came back|recur\w*)\b",
    re.IGNORECASE,
)
_FIXED = re.compile(
    r"(?:恢复|恢復|已经?|已經?|都|现在|現在)正常|正常(?:了|使用|运行|運行)|(?:修|弄|搞|处理|處理|解决|解決|可以|能用|好|没问题|沒問題|没事|沒事|得返)(?:好)?(?:了|喇|啦)|关单|關單"
    r"|\b(?:fine|fixed|solved|resolved|works?(?: \w+)? (?:again|now|well)|working (?:again|now|well)|all good|close (?:the|this|it))\b",
    re.IGNORECASE,
)
_BACK_AGAIN = re.compile(r"\bwork(?:s|ing)? (?:\w+ )?again\b", re.IGNORECASE)


def is_not_fixed(text: str, about: Classification) -> bool:
    """Judge an answer by its words and what they were taken for, the history apart.

    `about` is what the text would be as a notice of its own. Who names a fault and does not say that it is gone is
    believed: a ticket opened once too often costs a look, one left closed breaks the promise.
    """
    if about.kind is not Kind.FAULT:
        return False
    if _STILL.search(_BACK_AGAIN.sub("", text)):
        return True
    return bool(about.evidence) and not _FIXED.search(text)
