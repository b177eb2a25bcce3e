"""What clients write after a report: that the fault is gone, or that it is not."""

import pytest

from faultdesk.domain.not_fixed import is_not_fixed
from faultdesk.domain.ticket import Classification, Kind

FAULT = Classification(kind=Kind.FAULT, confidence=0.9, evidence=("黑屏",))


@pytest.mark.parametrize(
    "text",
    [
        "没有解决",
        "没解决",
        "未修好，请再来",
        "未能解决",
        "网络没恢复正常",
        "录像机没有恢复正常",
        "问题尚未完全排除",
        "it isn't fixed",
        "It hasn’t been fixed",
        "The door does not work",
        "The lock can't be repaired like this",
    ],
)
def test_who_denies_the_repair_needs_to_name_no_fault(text: str) -> None:
    assert is_not_fixed(text, Classification(kind=Kind.OTHER))


@pytest.mark.parametrize(
    "text",
    [
        "又黑屏了",
        "摄像机还是黑的",
        "修好了一天，今天早上摄像头坏了",
        "恢复正常几天，昨晚又不亮",
        "修好了，可是二楼今早又断了",
        "修好了，但是现在没有画面",
        "The camera was fixed for an hour, then it went dark",
        "It worked for two days but today the screen is black",
        "still dark",
        "It is fixed, but the second one does not work",
    ],
)
def test_what_is_back_is_not_fixed(text: str) -> None:
    assert is_not_fixed(text, FAULT)


@pytest.mark.parametrize(
    "text",
    [
        "已修好，谢谢",
        "摄像机黑屏已解决，可以关单",
        "今天已恢复正常",
        "现在正常了，辛苦",
        "都好了",
        "The camera works again, thank you",
        "Fixed now, please close the ticket.",
        "All good since your visit today",
        "Thank you. The camera that was not working is fine now.",
        "之前一直没修好，这次终于修好了，谢谢！",
        "门禁不能正常使用的问题已解决，谢谢",
        "Works fine now, it had been offline for two hours.",
        "已恢复正常，现在不断线了",
        "All good now, no picture loss any more",
        "好了，现在没有故障了",
    ],
)
def test_what_is_gone_stays_closed(text: str) -> None:
    assert not is_not_fixed(text, FAULT)


def test_a_question_opens_nothing() -> None:
    assert not is_not_fixed("请问发票什么时候寄出？", Classification(kind=Kind.CONSULTATION))
