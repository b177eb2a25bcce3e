"""Tells by its words a mail that a machine seems to have written, though no header field says so.

A guess, so nothing is lost by it: such a mail is filed like a person's, and only not acknowledged.
"""

import re
from collections.abc import Iterator

_LONGEST = 400
"""Characters of a mail that says nothing else; in a longer one a person may quote it."""
_FIRST_LINES = 3
"""One of them may be a greeting."""
_REPLY = r"(?:回复|答复|回覆|答覆|回復)"
_MAIL = r"(?:邮件|郵件|来信|來信|电邮|電郵|信件|咨询|諮詢|请求|請求|工单)"
_SOON = r"(?:尽快|盡快|儘快|稍后|稍後|及时|及時|工作日|第一时间)"
_THANKS = r"(?:(?:您好|你好|hello|hi|thanks?|thank you)[^\n.!。！]{0,60}[.!。！]\s{0,3})?"
"""What may stand before it in the line: who tells a fault there and then of a holiday is a client."""
_TEXT = re.compile(
    rf"\W{{0,4}}(?:[\[【(（](?:系统)?(?:自动|自動){_REPLY}[\])】）]|(?:自动|自動){_REPLY}\s?[:：,，\n]"
    rf"|(?:这|這|此|本)(?:是|为|為)?(?:一?封|封)?(?:系统|系統)?(?:自动|自動)(?:{_REPLY}|发送|發送)的?{_MAIL})"
    # Who receives promises; who asks for it ("请尽快处理") is a client.
    rf"|[^\n]{{0,40}}(?:您|你)(?:发|發|寄)?(?:来|來|给我|給我)?的?{_MAIL}(?:我们?|我們|本人|系统)?(?:已经?|已經)(?:成功)?"
    rf"(?:收到|收悉|受理|登记)[^\n]{{0,40}}(?:会|會|将|將)(?:会|會|在|于|於)?[^\n]{{0,10}}{_SOON}[^\n]{{0,20}}(?:{_REPLY}|处理|處理|联系|聯繫|聯絡)"
    rf"|[^\n]{{0,20}}(?:我们?|我們|本人)?(?:已经?|已經)(?:成功)?(?:收到|收悉)(?:您|你)的?{_MAIL}[^\n]{{0,20}}(?:会|會|将|將)[^\n]{{0,10}}{_SOON}"
    rf"[^\n]{{0,10}}{_REPLY}"
    rf"|{_THANKS}(?:您好|你好)?[，,]?\s?(?:我|本人)(?:正在|目前|现在|現在|现|現)?(?:在)?(?:休假|年假|出差|外出|度假|产假|病假)中?[^\n]{{0,30}}(?:回来|回來|返回|回公司|上班|返岗)"
    rf"|{_THANKS}[^\n。！]{{0,60}}(?:我|本人)[^\n]{{0,30}}(?:休假|年假|出差|外出|度假|产假|病假)[^\n]{{0,60}}"
    rf"(?:无法|不能|無法|不便)(?:及时|及時|立即|即时|即時|马上)[^\n]{{0,6}}(?:{_REPLY}|查看|查阅|查閱)(?:您|你)?的?{_MAIL}?"
    rf"|{_THANKS}[^\n.!]{{0,80}}\bI(?: am|'m|’m| will be)(?: currently)? (?:out of (?:the )?office|away from (?:my desk|the office)|on (?:annual |sick |maternity |parental )?leave|on vacation|on holiday)"
    r"|(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted \S{1,12} to|赞了|喜欢了?|大笑了?|强调了?|按讚|喜歡)\s?[“\"「]"
    r"|[^\n]{0,80}(?:\breacted to your (?:message|e-?mail)|(?:对|對|回应了)(?:你|您)的(?:邮件|郵件|消息)(?:做出|作出)了?(?:反应|回应|反應))"
    r"|[^\n]{0,60}\bwe(?:'ve|’ve| have) received your (?:request|e-?mail|message|enquiry|inquiry|ticket|case)\b[^\n]{0,60}\b(?:and|we) will (?:respond|reply|answer|be in touch|get back|contact|review|process|look)"
    r"|[^\n]{0,60}\bthis is an auto(?:mated|matic|-)[ -]?(?:generated )?(?:reply|response|message|acknowledge?ment|e-?mail)"
    r"|[^\n]{0,80}\b(?:your|a) (?:new )?(?:ticket|case|request|enquiry|inquiry|e-?mail|message)(?: \W?[\w#-]{1,30})? (?:has been|was) (?:successfully )?"
    r"(?:received|created|opened|logged|submitted|registered)(?=[.,!:;\n)]|$| (?:with|and|under|as|by|in) )"
    r"|[^\n]{0,80}(?<!\bI )(?:click|follow|visit|打开|点击|點擊|請按|请点)[^\n]{0,60}(?:link|链接|鏈接|連結)[^\n]{0,80}"
    r"(?:deliver|verify (?:you|that you|your)|prove|confirm (?:you|your message)|投递|验证您?的?(?:身份|邮件)|確認您|确认您)",
    re.IGNORECASE,
)


def robot(text: str) -> str:
    """Say why a text seems a machine's, for an operator to read; "" for a person's."""
    plain = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    if len(plain) > _LONGEST:
        return ""
    found = next((match for rest in _beginnings(plain) if (match := _TEXT.match(rest))), None)
    return f'a machine seems to write: "{found[0][-60:].strip()}"' if found else ""


def _beginnings(plain: str) -> Iterator[str]:
    lines = plain.split("\n")
    return ("\n".join(lines[start:]) for start in range(min(_FIRST_LINES, len(lines))))
