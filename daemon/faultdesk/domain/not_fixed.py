"""Tells from a client's answer to a resolution that the fault is not gone (P6)."""

import re

from faultdesk.domain.ticket import Classification, Kind

_NOT_YET = re.compile(
    r"(?:没有?|沒有?|未能?|不能|无法|無法|并未|並未|尚未|还没|還沒|仲未)(?:完全|彻底|徹底|真正|得到|给|給|能|被|有){0,2}\s?(?:解决|解決|修复|修復|修好|修理好|恢复|恢復|排除|处理好|處理好|处理完|處理完|好转|好轉|正常)"
    r"|\b(?:not|never|isn['’]t|wasn['’]t|aren['’]t|hasn['’]t|haven['’]t|doesn['’]t|won['’]t|cannot|can['’]t|isnt|hasnt)(?: (?:been|be|yet|really|fully|properly|actually|quite)){0,2} (?:fixed|solved|resolved|repaired|restored|work(?:ing)?|normal|better|gone)\b",
    re.IGNORECASE,
)
"""What denies the repair itself: no fault need be named beside it."""
_STILL = re.compile(
    r"又|还是|還是|还没|還沒|仍|依旧|依舊|依然|没修|沒修|没好|沒好|不行|无效|無效|复发|復發|再次|仲係|仲未|唔得"
    r"|\b(?:again|still|not fixed|not solved|not resolved|unresolved|no change|no better|not help|is back|'s back|’s back|returned|came back|recur\w*)\b",
    re.IGNORECASE,
)
_FIXED = re.compile(
    r"(?:已经?|已經?|都)(?:修好|修复|修復|解决|解決|恢复|恢復|排除|处理好|處理好)|(?:恢复|恢復|已经?|已經?|都|现在|現在)正常|正常(?:了|使用|运行|運行)|(?:修|弄|搞|处理|處理|解决|解決|可以|能用|好|没问题|沒問題|没事|沒事|得返)(?:好)?(?:了|喇|啦)|关单|關單"
    r"|\b(?:fine|fixed|solved|resolved|works?(?: \w+)? (?:again|now|well)|working (?:again|now|well)|all good|close (?:the|this|it))\b",
    re.IGNORECASE,
)
_TURNED = re.compile(
    r"(?:修好|恢复|恢復|正常|好)(?:了|过|過)?(?:一|半|两|兩|几|幾|\d)(?:天|日|晚|小时|小時|个小时|個小時|周|个月|會|会|会儿)"
    r"|(?:但是?|可是|不过|不過|结果|結果|谁知|誰知)[^。！？!?]{0,12}(?:坏|壞|(?<!不)断|(?<!不)斷|黑屏|失灵|失靈|(?<!没有)(?<!沒有)(?<!无)(?<!無)故障|不亮|不通|不动|不動|掉线|掉線|死机|死機|没有?(?:画面|信号|声音|图像|反应))"
    r"|\b(?:fixed|worked|fine|ok|normal|up) for (?:an?|one|two|three|half|\d+|a few|some|only)\b|\bbut\b[^.!?]{0,40}\b(?:dark|dead|down|broken|broke|fail(?:s|ed|ing)?|offline|black|stuck|no (?:picture|signal|sound|image))\b",
    re.IGNORECASE,
)
"""What was well for a while, and is not."""
_BEFORE = re.compile(
    r"(?:之前|原来|原來|此前|以前|先前|当时|當時)[^，。,.!！?？;；\n]{0,40}"
    r"|\b(?:that|which|who) (?:was|were|had)\b[^,.;!?\n]{0,30}?\bworking\b|\bhad been\b[^,.;!?\n]{0,60}",
    re.IGNORECASE,
)
"""What was so earlier."""
_BACK_AGAIN = re.compile(r"\bwork(?:s|ing)? (?:\w+ )?again\b", re.IGNORECASE)


def says_fixed(text: str) -> bool:
    """Tell whether a text says that the fault is gone, and denies it nowhere."""
    return bool(_FIXED.search(text)) and not (_NOT_YET.search(text) or _TURNED.search(text))


def is_not_fixed(text: str, about: Classification) -> bool:
    """Judge an answer by its words and what they were taken for, the history apart.

    `about` is what the text would be as a notice of its own. Who names a fault and does not say that it is gone is
    believed: a ticket opened once too often costs a look, one left closed breaks the promise.
    """
    text = _BEFORE.sub("", text)
    denied = list(_NOT_YET.finditer(text))
    if denied:
        # Who says both says last what holds: not working before, fine now.
        return not any(fixed.start() >= denied[-1].end() for fixed in _FIXED.finditer(text))
    if about.kind is not Kind.FAULT:
        return False
    if _TURNED.search(text) or _STILL.search(_BACK_AGAIN.sub("", text)):
        return True
    return bool(about.evidence) and not _FIXED.search(text)
