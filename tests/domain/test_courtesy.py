import pytest

from faultdesk.domain.courtesy import asks_for_news, is_courtesy


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


@pytest.mark.parametrize(
    "text",
    [
        "请问你们什么时候能到？",
        "您好，请问处理得怎么样了？谢谢",
        "請問何時會到？",
        "When will you come?",
        "Any update? Thanks",
    ],
)
def test_who_asks_for_news_changes_nothing(text: str) -> None:
    assert asks_for_news(text)


@pytest.mark.parametrize(
    "text",
    [
        "三号门也坏了，什么时候来？",
        "能来看看三号门吗？",
        "钥匙在门卫。几点到？",
        "When it rains the camera goes dark. Any update?",
        "谢谢",
        "",
    ],
)
def test_who_adds_something_or_asks_nothing_does_not_ask_for_news(text: str) -> None:
    assert not asks_for_news(text)
