"""Tells mail that no person wrote to us, by what its header says (RFC 3834 section 2, and common practice)."""

import re

from faultdesk.domain.message import Address
from faultdesk.reading.addresses import mailboxes
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
    r"(?:自动|自動)(?:回复|答复|回覆|答覆|回復|回應|回应)\s?[:：]|(?:外出|休假|不在办公室|不在辦公室)(?:自动|自動)?(?:回复|答复|回覆|答覆)\s?[:：]"
    r"|[\[【(（](?:系统|系統)?(?:自动|自動)(?:回复|答复|回覆|答覆|回復|回應|回应)[\])】）]|来自[^:：]{1,30}的自动(?:回复|答复)$"
    r"|automatic reply\s?[:：]|auto(?:matic)?[- ]?(?:reply|response|responder)\s?[:：]|out of (?:the )?office(?: autoreply| reply)?\s?[:：]"
    r"|out of (?:the )?office$|undeliverable\s?[:：]|undelivered mail returned|delivery status notification|mail delivery (?:failed|failure)"
    r"|returned mail\s?[:：]|系统退信|系統退信|邮件投递失败|未送达\s?[:：]|無法傳遞\s?[:：]",
    re.IGNORECASE,
)
_PERHAPS = re.compile(r"(?:外出|休假|不在办公室|不在辦公室|已读|已讀|未读|未讀)\s?[:：]")
"""How mail programs begin subjects, and clients whose exit gate is out of order."""


def perhaps_automatic(subject: str) -> str:
    """Say why a subject may be a machine's, by which nothing may be lost: such mail is only not acknowledged."""
    match = _PERHAPS.match(subject)
    return f'a machine seems to write: the subject begins with "{match[0]}"' if match else ""


def automatic(fields: Fields, media_type: str, sender: Address, calendar_method: str = "") -> str | None:
    """Say why a message is taken for automatic, for an operator to read; None for a person's."""
    return (
        _by_own_word(fields)
        or _by_type(fields, media_type, calendar_method)
        or _by_list(fields)
        or _by_sender(fields, sender)
        or _by_subject(fields.text("subject"))
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
    locals_ = (person.address.partition("@")[0] for person in mailboxes(fields, "reply-to"))
    return any(not _MUTE.search(re.sub(r"[-_.]", "", local)) for local in locals_)


def _by_subject(subject: str) -> str | None:
    match = _SUBJECT.match(subject)
    return f'subject begins with "{match[0]}"' if match else None
