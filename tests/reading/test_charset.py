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
        ("The server room is at 35°C since this morning.", "latin-1", "iso-8859-1"),
        ("The server room is at 35°C since this morning.", "cp1252", "windows-1252"),
        ("The server room is at 35°C since this morning.", "cp1252", "utf-8"),
        ("The server room is at 35°C since this morning.", "cp1252", ""),
        ("price £A or §B, µm, ½A", "latin-1", "iso-8859-1"),
        ("Übung in der Straße, Größe 3 m² ± 2", "latin-1", "iso-8859-1"),
        ("Änderung der Tür", "latin-1", "us-ascii"),
        ("We can’t open the gate, “door open” alarm", "cp1252", "utf-8"),
        ("étés passés à Orléans", "latin-1", "iso-8859-1"),
        ("门坏了", "gb18030", "iso-8859-1"),
        ("报修", "gb18030", ""),
        ("門禁打不開", "big5", "gb2312"),
        ("三樓電梯故障", "big5", "gb2312"),
        ("门禁打不开", "gb18030", "big5"),
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


@pytest.mark.parametrize("label", ["gb2312", "gbk", "", "utf-8", "iso-8859-1"])
@pytest.mark.parametrize("lost", [0, 7, 8, 21, 33])
def test_octet_lost_from_gb2312_costs_few_characters_not_the_line(label: str, lost: int) -> None:
    whole = "三楼的门禁打不开，请派人来看一下。\n联系人：李先生，电话13800138000"
    octets = whole.encode("gb2312")

    text = decode(octets[:lost] + octets[lost + 1 :], label)

    assert len(text) == len(whole)
    assert sum(a != b for a, b in zip(text, whole, strict=True)) <= 7
    assert "\ufffd" in text


@pytest.mark.parametrize("label", ["utf-8", "gb2312", "", "iso-8859-1"])
@pytest.mark.parametrize("lost", [0, 10, 16, 40])
def test_octet_lost_from_utf8_costs_one_character(label: str, lost: int) -> None:
    whole = "三楼的门禁打不开，请派人来看一下。"
    octets = whole.encode()

    text = decode(octets[:lost] + octets[lost + 1 :], label)

    assert text.replace("\ufffd", "") == whole[: lost // 3] + whole[lost // 3 + 1 :]


@pytest.mark.parametrize(("encoding", "label"), [("gb2312", "gb2312"), ("big5", "big5"), ("utf-8", "utf-8")])
def test_text_cut_inside_its_last_character_loses_no_more(encoding: str, label: str) -> None:
    assert decode("門禁壞了請派人來".replace("門", "门").encode(encoding, "ignore")[:-1], label).endswith(
        "\ufffd"
    )


@pytest.mark.parametrize(
    ("octets", "label", "text"),
    [
        (b"\x1b$B-!\x1b(B door", "iso-2022-jp", "① door"),
        (b'\x1b$B%I%"\x1b(I1\x1b(B test', "iso-2022-jp", "ドアｱ test"),
        (b'\x1b$B%I%"\x1b(B', "us-ascii", "ドア"),
        (b'\x1b$B%I%"\x1b(B', "", "ドア"),
        (b"hello ~{<:Ky2;6.~}abc ~{VPN", "hz-gb-2312", "hello 己所不懂abc 中\ufffd"),
        (b"~{CE;5AK~}", "us-ascii", "门坏了"),
        (b"cp ~{a,b}~ ~{x}~ {~}", "us-ascii", "cp ~{a,b}~ ~{x}~ {~}"),
    ],
)
def test_alphabets_changed_by_escapes_are_read(octets: bytes, label: str, text: str) -> None:
    assert decode(octets, label) == text
