import pytest

from faultdesk.domain.courtesy import is_courtesy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "谢谢！",
        "收到，谢谢。",
        "好的，辛苦了，王工",
        "收到，非常感谢你们的及时处理",
        "多謝！",
        "Thanks a lot",
        "OK, noted. Thank you very much!\nKind regards",
        "Received with thanks 👍",
    ],
)
def test_thanks_alone_change_nothing(text: str) -> None:
    assert is_courtesy(text)


@pytest.mark.parametrize(
    "text",
    [
        "谢谢，四号门也不行",
        "好的，下午三点前来，找李明",
        "联系电话改为 13800138000",
        "又坏了",
        "没修好",
        "Thanks, but gate 4 is dead too",
        "Still broken",
        "不用来了",
        "请尽快派人到二号楼",
        "ok but who pays",
    ],
)
def test_what_says_more_is_no_courtesy(text: str) -> None:
    assert not is_courtesy(text)
