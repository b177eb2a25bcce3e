import pytest

from faultdesk.reading.charset import cleaned, decode


@pytest.mark.parametrize(
    ("text", "encoded_in", "label"),
    [
        ("門禁控制器斷電後設定消失", "gb18030", "gb2312"),
        ("三樓門禁壞咗，睇唔到畫面，嚟睇下啦", "big5hkscs", "big5"),
        ("三楼的门禁打不开，请派人来看一下", "utf-8", "gb2312"),
        ("三楼的门禁打不开，请派人来看一下", "gb18030", "utf-8"),
        ("三楼的门禁打不开，请派人来看一下", "gb18030", ""),
        ("三楼的门禁打不开，请派人来看一下", "gb18030", "iso-8859-1"),
        ("三楼的门禁打不开，请派人来看一下", "gb18030", "x-unknown"),
        ("三樓的門禁打不開，請派人來看一下", "big5", "us-ascii"),
        ("三樓的門禁打不開，請派人來看一下", "big5", "gb2312"),
        ("Café résumé, déjà vu à Genève", "cp1252", "iso-8859-1"),
        ("「テスト」です。", "iso-2022-jp", "iso-2022-jp"),
        ("三楼门禁", "hz", "hz-gb-2312"),
        ("三楼门禁", "utf-16", "gbk"),
        ("三楼门禁", "utf-8-sig", "gb2312"),
        ("三楼门禁", "gb18030", "idna"),
        ("三楼门禁坏了", "gb18030", "hex"),
    ],
)
def test_text_is_read_whatever_its_label_says(text: str, encoded_in: str, label: str) -> None:
    assert decode(text.encode(encoded_in), label) == text


def test_short_gbk_word_that_is_valid_utf8_by_accident_follows_its_label() -> None:
    octets = "一".encode("gbk")

    assert octets.decode("utf-8") == "һ"
    assert decode(octets, "gb2312") == "一"


def test_one_broken_octet_costs_one_character() -> None:
    octets = "三楼的门禁".encode() + b"\xff" + "打不开，请派人来看一下".encode()

    assert decode(octets, "utf-8") == "三楼的门禁\ufffd打不开，请派人来看一下"


def test_nuls_controls_and_lone_surrogates_are_kept_out_of_the_database() -> None:
    assert decode(b"a\0b\x1b[31mc\x7f\td\n", "utf-8") == "ab[31mc\td\n"
    assert cleaned("x\ud800y") == "x\ufffdy"


def test_octets_of_no_known_encoding_still_give_a_text() -> None:
    assert isinstance(decode(bytes(range(128, 256)) * 3, "gb2312"), str)
