"""Tells mail that no person wrote to us, by what its header says (RFC 3834 section 2, and common practice)."""

import re
from collections.abc import Iterator

from faultdesk.domain.message import Address
from faultdesk.reading.headers import Fields, parameters

_REPORTS = {
    "delivery-status": "RFC 3464",
    "disposition-notification": "RFC 8098",
    "feedback-report": "RFC 5965",
}
_PRECEDENCES = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_LIST_FIELDS = ("List-Id", "List-Unsubscribe", "List-Post")
_MACHINE_FIELDS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-Autoreply-From",
    "X-Mail-Autoreply",
    "X-Failed-Recipients",
    "X-FC-MachineGenerated",
)
_MACHINES = frozenset({"mailerdaemon", "postmaster", "autoreply", "autoresponder", "bounce", "bounces"})
_MUTE = re.compile(r"^(?:noreply|donotreply)|(?:noreply|donotreply)$")
_SUBJECT = re.compile(
    r"(?:自动|自動)(?:回复|答复|回覆|答覆|回復|回應|回应)\s?[:：]|(?:外出|休假|不在办公室|不在辦公室)(?:自动|自動)?(?:回复|答复|回覆|答覆)?\s?[:：]"
    r"|automatic reply\s?[:：]|auto(?:matic)?[- ]?(?:reply|response|responder)\s?[:：]|out of (?:the )?office(?: autoreply| reply)?\s?[:：]"
    r"|out of (?:the )?office$|undeliverable\s?[:：]|undelivered mail returned|delivery status notification|mail delivery (?:failed|failure)"
    r"|returned mail\s?[:：]|系统退信|系統退信|邮件投递失败|(?:已读|已讀|未读|未讀)\s?[:：]|未送达\s?[:：]|無法傳遞\s?[:：]",
    re.IGNORECASE,
)


# What responders without any header write. Only as the whole of a short mail: a person may quote it.
_LONGEST_REPLY = 400
_TEXT = re.compile(
    r"\W{0,4}(?:[\[【(（](?:系统)?(?:自动|自動)(?:回复|答复|回覆|答覆|回復)[\])】）]|(?:自动|自動)(?:回复|答复|回覆|答覆|回復)\s?[:：,，\n]"
    r"|(?:这|這|此|本)(?:是|为|為)?(?:一?封|封)?(?:系统|系統)?(?:自动|自動)(?:回复|回覆|答复|回復|发送|發送)的?(?:邮件|郵件|信件))"
    r"|[^\n]{0,40}(?:您|你)(?:发|發|寄)?(?:来|來|给我|給我)?的?(?:邮件|郵件|来信|來信|电邮|電郵|信件|咨询|諮詢|请求|請求|工单)"
    r"(?:我们?|我們|本人|系统)?(?:已经?|已經)(?:成功)?(?:收到|收悉|受理|登记)[^\n]{0,60}"
    r"(?:尽快|盡快|儘快|稍后|稍後|及时|及時|工作日|第一时间)[^\n]{0,40}(?:回复|回覆|答复|回復|处理|處理|联系|聯繫|聯絡)"
    r"|[^\n]{0,60}(?:我|本人)(?:正在|目前|现在|現在|将|將|于|於)?[^\n]{0,30}(?:休假|年假|出差|外出|度假|产假|病假)[^\n]{0,60}"
    r"(?:无法|不能|無法|可能不能|不便)[^\n]{0,20}(?:回复|回覆|答复|查看|处理|回復|查閱)"
    r"|[^\n]{0,80}\bI(?: am|'m|’m| will be)(?: currently)? (?:out of (?:the )?office|on (?:annual |sick |maternity |parental )?leave|on vacation|on holiday|travel+ing)"
    r"|(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted \S{1,12} to|赞了|喜欢了?|大笑了?|强调了?|按讚|喜歡)\s?[“\"「]"
    r"|[^\n]{0,80}(?:\breacted to your (?:message|e-?mail)|(?:对|對|回应了)(?:你|您)的(?:邮件|郵件|消息)(?:做出|作出)了?(?:反应|回应|反應))"
    r"|[^\n]{0,60}\bthis is an auto(?:mated|matic|-)[ -]?(?:generated )?(?:reply|response|message|acknowledge?ment|e-?mail)"
    r"|[^\n]{0,80}\b(?:your|a) (?:new )?(?:ticket|case|request|enquiry|inquiry|e-?mail|message)(?: \W?[\w#-]{1,30})? (?:has been|was) (?:successfully )?"
    r"(?:received|created|opened|logged|submitted|registered)"
    r"|[^\n]{0,80}(?:click|follow|visit|打开|点击|點擊|請按|请点)[^\n]{0,60}(?:link|链接|鏈接|連結)[^\n]{0,80}"
    r"(?:deliver|verify (?:you|that you|your)|prove|confirm (?:you|your message)|投递|验证您?的?(?:身份|邮件)|確認您|确认您)",
    re.IGNORECASE,
)


def automatic(
    fields: Fields, media_type: str, sender: Address, calendar_method: str, text: str
) -> str | None:
    """Say why a message is taken for automatic, for an operator to read; None for a person's."""
    return (
        _by_own_word(fields)
        or _by_type(fields, media_type, calendar_method)
        or _by_list(fields)
        or _by_sender(fields, sender)
        or _by_subject(fields.text("subject"))
        or _by_text(text)
    )


def _by_own_word(fields: Fields) -> str | None:
    submitted = fields.first("auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return f"Auto-Submitted: {submitted[:40]} (RFC 3834)"
    for name in _MACHINE_FIELDS:
        if fields.has(name.lower()) and fields.first(name.lower()).strip().lower() not in ("no", "false"):
            return f"{name} is set"
    # Exchange stamps single kinds on mail of persons to groups, "All" on what itself makes.
    suppressed = {kind.strip().lower() for kind in fields.first("x-auto-response-suppress").split(",")}
    return "X-Auto-Response-Suppress: All" if "all" in suppressed else None


def _by_type(fields: Fields, media_type: str, calendar_method: str) -> str | None:
    if media_type == "multipart/report":
        report = parameters(fields.first("content-type")).get("report-type", "").lower()
        return f"multipart/report of {report or 'unknown type'} ({_REPORTS.get(report, 'RFC 6522')})"
    if media_type in ("message/delivery-status", "message/disposition-notification"):
        return f"{media_type} ({_REPORTS[media_type.partition('/')[2]]})"
    return "calendar reply (RFC 5546 section 3.2.3)" if calendar_method == "reply" else None


def _by_list(fields: Fields) -> str | None:
    precedence = fields.first("precedence").strip().lower()
    if precedence in _PRECEDENCES:
        return f"Precedence: {precedence}"
    for name in _LIST_FIELDS:
        if fields.has(name.lower()):
            return f"{name} is set ({'RFC 2919' if name == 'List-Id' else 'RFC 2369'})"
    return None


def _by_sender(fields: Fields, sender: Address) -> str | None:
    if fields.first("return-path").replace(" ", "") == "<>":
        return "null reverse-path (RFC 5321 section 4.5.5)"
    local = re.sub(r"[-_.]", "", sender.address.partition("@")[0].partition("+")[0])
    # A web form writes from an address nobody reads and names the person in Reply-To.
    if local in _MACHINES or (_MUTE.search(local) and not _names_a_person(fields)):
        return f"sender {sender.address}"
    return None


def _names_a_person(fields: Fields) -> bool:
    locals_ = re.findall(r"([^\s<>,;:\"]+)@", fields.first("reply-to").lower())
    return any(not _MUTE.search(re.sub(r"[-_.]", "", local)) for local in locals_)


def _by_text(text: str) -> str | None:
    plain = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    if len(plain) > _LONGEST_REPLY:
        return None
    found = next((match for line in _greeted(plain) if (match := _TEXT.match(line))), None)
    return f'the text says "{found[0][-60:].strip()}"' if found else None


def _greeted(plain: str) -> Iterator[str]:
    """Give the text, and what follows each of its first lines, one of which may be a greeting."""
    lines = plain.split("\n")
    return ("\n".join(lines[start:]) for start in range(min(3, len(lines))))


def _by_subject(subject: str) -> str | None:
    match = _SUBJECT.match(subject)
    return f'subject begins with "{match[0]}"' if match else None
