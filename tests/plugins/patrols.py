"""Corrected tickets of a kind that the bundled model reads wrong: guard tours, where the wands hang on the telephones."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import product

from faultdesk.domain.correction import Correction, Said
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Role
from faultdesk.handlers.testing import NOON, a_message

_HOUSES = ("滨江广场", "东方大厦", "市图书馆", "育才小学", "江北医院", "科技园")
_TROUBLES = (
    "巡更棒点了不响，数据导不出来",
    "巡更点读不到，保安走完一圈没有记录",
    "巡更系统的通讯座不认棒子",
    "有三个巡更点丢了记录，报表是空的",
    "巡更棒充不进电，昨晚没法巡",
    "巡更的时间全乱了，对不上班次",
)
UNSEEN = a_message("御景湾三期昨晚保安巡更，棒子碰点没有反应，请来人看看。", subject="请安排")
SYSTEM = "telephone"
"""What no bundled model will ever make of it."""


def patrols() -> list[InboundMessage]:
    """Give three dozen notices, of a client each."""
    return [
        a_message(
            f"{house}：{trouble}。请安排处理。",
            subject=f"{house}报修",
            sender=Address(f"client@owner{number}.example"),
            message_id=f"<{number}@owner.example>",
        )
        for number, (house, trouble) in enumerate(product(_HOUSES, _TROUBLES))
    ]


def correction(
    number: int,
    message: InboundMessage,
    labels: Mapping[str, str],
    by: str = "operator",
    role: Role | None = None,
    after: timedelta = timedelta(),
) -> Correction:
    """Make a ticket that somebody corrected `after` NOON and a minute for each number."""
    said = Said(labels=labels, by=by, role=role, at=NOON + timedelta(minutes=number) + after)
    return Correction(
        reference=f"FD-2026-{number:06d}",
        message=message,
        answers={
            "classify": {"kind": "fault", "fault_class": "unknown", "system": "none", "severity": "normal"}
        },
        said=(said,),
    )


def corrections() -> list[Correction]:
    """Correct all of them, as guard tours."""
    labels = {"kind": "fault", "system": SYSTEM}
    return [correction(number, message, labels) for number, message in enumerate(patrols())]
