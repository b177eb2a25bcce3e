"""Letters as the bundled handlers write them for who sent a fax, and the ways a page takes to its reader."""

import io

import numpy as np
from PIL import Image, ImageSequence

from faultdesk.config.playbooks import load_playbooks
from faultdesk.domain.decision import Mail
from faultdesk.domain.fax import Fax, Page, Reception
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Channel, Language
from faultdesk.domain.ticket import Event
from faultdesk.handlers.testing import NOON, a_message, a_ticket
from faultdesk.pipeline.ports import Letter
from faultdesk_acknowledge import AcknowledgeHandler
from faultdesk_report import ReportHandler

_DESKS = {
    Language.ZH_HANS: "远恒智能客户服务中心",
    Language.ZH_HANT: "遠恒智能客戶服務中心",
    Language.EN: "Yuanheng Service Centre",
}
_CLIENT = Address("fax:+862088881111", "")
_RESOLVED = Event(
    "resolved",
    {
        "cause": "二楼弱电井门禁控制器供电线被装修施工碰断",
        "method": "更换 RVV 2×1.0 线缆 12 米，用 1 月 12 日的备份恢复配置",
        "recovered_at": "2026-03-05T15:30:00+08:00",
        "completed_at": "2026-03-05T08:00:00+00:00",
        "number": 1,
    },
)


def a_letter(text: str = "您好：\n\n已收到您的传真。\n", **fields: object) -> Letter:
    """Make a letter; give what matters to the test."""
    known: dict[str, object] = {
        "subject": "[FD-2026-000123] 已受理：二楼门禁坏了",
        "at": NOON,
        "reference": "FD-2026-000123",
        "number": "+862088881111",
        "desk": "远恒智能客户服务中心",
    }
    return Letter(text=text, **{**known, **fields})  # type: ignore[arg-type]


def an_acknowledgement(language: Language, reference: str = "FD-2026-000123") -> Letter:
    """Let the bundled handler acknowledge a fax."""
    fax = Fax(reception=Reception(gateway="office", caller="+862088881111"), pages=(Page(number=1),))
    desk = Identity(name=_DESKS[language], address="service@yuanheng.example", playbooks=load_playbooks(None))
    message = a_message(language=language, sender=_CLIENT, fax=fax)
    ticket = a_ticket(reference=reference, language=language, requester=_CLIENT)
    (mail,) = AcknowledgeHandler().ticket_opened(ticket, message, desk)
    return _as_letter(mail, language, reference)


def a_confirmation(language: Language, reference: str = "FD-2026-000123") -> Letter:
    """Let the bundled handler confirm what a client faxed afterwards."""
    fax = Fax(reception=Reception(gateway="office", caller="+862088881111"), pages=(Page(number=1),))
    desk = Identity(name=_DESKS[language], address="service@yuanheng.example", playbooks=load_playbooks(None))
    message = a_message(language=language, sender=_CLIENT, fax=fax, text="三楼的门禁也坏了，一并处理。")
    ticket = a_ticket(reference=reference, language=language, requester=_CLIENT)
    (mail,) = AcknowledgeHandler().message_added(ticket, message, desk, "")
    return _as_letter(mail, language, reference)


def a_report(
    language: Language, reference: str = "FD-2026-000123", own_fax: str = "", own_phone: str = ""
) -> bytes:
    """Let the bundled handler report a repair to who came by fax; give the pages."""
    desk = Identity(name=_DESKS[language], address="service@yuanheng.example", fax=own_fax, phone=own_phone)
    ticket = a_ticket(reference=reference, language=language, requester=_CLIENT, channel=Channel.FAX)
    return ReportHandler().report(ticket, (_RESOLVED,), _RESOLVED, desk).files[0].content


def _as_letter(mail: Mail | Event, language: Language, reference: str) -> Letter:
    assert isinstance(mail, Mail)
    return a_letter(
        mail.text, subject=mail.subject, reference=reference, language=language, desk=_DESKS[language]
    )


def pages_of(tiff: bytes) -> list[Image.Image]:
    """Give the pages of a TIFF, each of 8 bits."""
    with Image.open(io.BytesIO(tiff)) as document:
        return [page.convert("L") for page in ImageSequence.Iterator(document)]


def at_standard_resolution(tiff: bytes) -> bytes:
    """Send at 204 x 98 dpi: a machine that has no more leaves out every second row."""
    pages = [Image.fromarray(np.asarray(page)[::2]).convert("1") for page in pages_of(tiff)]
    sent = io.BytesIO()
    pages[0].save(sent, "TIFF", save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 98))
    return sent.getvalue()
