import pytest

from faultdesk.domain.message import Language
from faultdesk.reading.language import language_of


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("报修", "三楼的门禁打不开了，请派人来看一下。", Language.ZH_HANS),
        ("Re: FD-2026-000001", "NVR 的 IP 是 10.0.0.1，用 admin 登录，提示 offline", Language.ZH_HANS),
        (
            "服务器报错",
            "昨晚开始报错，重启也没用：\n2026-01-05 10:00:00 ERROR failed to connect to the database server",
            Language.ZH_HANS,
        ),
        (
            "界面提示",
            '屏幕上一直显示 "please contact your system administrator to continue"，请处理一下',
            Language.ZH_HANS,
        ),
        ("", "發票收到，請派員處理門禁設備", Language.ZH_HANT),
        ("", "部電話壞咗，冇聲，聽唔到，麻煩睇下", Language.ZH_HANT),
        ("Gate", "The gate does not open since this morning.", Language.EN),
        ("Gate", "Dear 远恒智能客服中心,\n\nThe gate does not open.\n\n张伟 海天大厦", Language.EN),
        ("GATE BROKEN", "PLEASE COME", Language.EN),
        ("", "lobby 那个 panel 黑了，need someone to swap it，请你们今天来", Language.MIXED),
        ("system 用不了", "用不了了，打电话 no answer from you，请回电", Language.MIXED),
        ("", "", Language.ZH_HANS),
        ("", "12345", Language.ZH_HANS),
    ],
)
def test_language_is_what_carries_the_content(subject: str, text: str, expected: Language) -> None:
    assert language_of(subject, text) is expected


def test_a_mail_system_says_first_in_english_what_it_says_in_its_owners_language() -> None:
    text = "The mail could not be delivered yet, it is tried again.\n\n邮件未能送达，系统将继续重试。"

    assert language_of("Delivery Status Notification", text, by_machine=True) is Language.ZH_HANS
