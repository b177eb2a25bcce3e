from datetime import UTC, datetime

import pytest

from faultdesk.reading.headers import Fields, date_of, decode_words, parameters, received_at, thread_of


def fields(*items: tuple[str, str]) -> Fields:
    return Fields(items)


def test_word_split_inside_a_character_is_joined_before_it_is_decoded() -> None:
    first, second = b"\xc3\xc5\xbd", b"\xfb\xbb\xb5\xc1\xcb"
    words = f"=?gb2312?Q?{_q(first)}?= =?gb2312?Q?{_q(second)}?="

    assert decode_words(words) == "门禁坏了"


def _q(octets: bytes) -> str:
    return "".join(f"={octet:02X}" for octet in octets)


def test_base64_stream_cut_at_any_digit_is_joined() -> None:
    assert decode_words("=?utf-8?B?6Zeo56a?=\n =?utf-8?B?B5Z2P5LqG?=") == "门禁坏了"


def test_words_keep_the_text_around_them_and_lose_the_space_between_them() -> None:
    assert (
        decode_words("Re: =?utf-8?Q?=E9=97=A8?= =?gbk?B?vfs=?= [FD-2026-000001]")
        == "Re: 门禁 [FD-2026-000001]"
    )


def test_broken_words_are_shown_as_they_are() -> None:
    assert decode_words("=?utf-8?X?abc?= =?utf-8?B?!?= =?") == "=?utf-8?X?abc?=  =?"


def test_raw_gbk_octets_in_a_header_are_read() -> None:
    raw = "报修：三楼的门禁打不开".encode("gbk").decode("ascii", "surrogateescape")

    assert fields(("Subject", raw)).text("subject") == "报修：三楼的门禁打不开"


def test_folded_subject_becomes_one_line_without_bidi_tricks() -> None:
    assert fields(("Subject", "a\r\n\tb \u202egnp.exe")).text("subject") == "a b gnp.exe"


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ("attachment; filename*=GBK''%CD%BC%D6%BD.pdf", "filename", "图纸.pdf"),
        (
            "attachment; filename*0*=utf-8''%E5%9B%BE; filename*1*=%E7%BA%B8; filename*2=.pdf",
            "filename",
            "图纸.pdf",
        ),
        ('attachment; filename="=?gb2312?B?zbzWvS5wZGY=?="', "filename", "图纸.pdf"),
        ('attachment; filename="图纸;1.pdf"', "filename", "图纸;1.pdf"),
        ('text/plain; charset = "utf-8" ; format=flowed', "charset", "utf-8"),
        ('attachment; filename="a\\"b.txt', "filename", 'a"b.txt'),
    ],
)
def test_parameter_is_read_in_every_common_form(body: str, name: str, expected: str) -> None:
    assert parameters(body)[name] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 5 Jan 2026 06:33:32 +0800", datetime(2026, 1, 4, 22, 33, 32, tzinfo=UTC)),
        ("Mon, 5 Jan 2026 06:33:32", datetime(2026, 1, 5, 6, 33, 32, tzinfo=UTC)),
        ("Mon, 5 Jan 2026 06:33:32 -0000", datetime(2026, 1, 5, 6, 33, 32, tzinfo=UTC)),
        ("2026-01-05T06:33:32+08:00", datetime(2026, 1, 4, 22, 33, 32, tzinfo=UTC)),
        ("Sat, 1 Jan 2999 00:00:00 +0000", datetime(2999, 1, 1, tzinfo=UTC)),
        ("Mon, 1 Jan 1900 00:00:00 +0000", datetime(1900, 1, 1, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Mon, 99 Foo 2026 25:61:61 +9999", None),
        ("yesterday", None),
        ("9" * 10_000, None),
        ("", None),
    ],
)
def test_date_is_aware_or_nothing(text: str, expected: datetime | None) -> None:
    assert date_of(text) == expected


def test_topmost_received_tells_when_our_server_took_the_message() -> None:
    got = received_at(
        fields(
            ("Received", "from a by mx1 (Postfix) id 1; Mon, 5 Jan 2026 06:33:35 +0800"),
            ("Received", "from b by a; Sun, 4 Jan 2026 06:00:00 +0800"),
        )
    )

    assert got == datetime(2026, 1, 4, 22, 33, 35, tzinfo=UTC)


def test_thread_is_references_then_in_reply_to_each_once() -> None:
    got = thread_of(fields(("References", "<a@x>\r\n\t<b@x> <a@x>"), ("In-Reply-To", "your mail <c@\r\n x>")))

    assert got == ("<a@x>", "<b@x>", "<c@x>")


def test_thread_keeps_the_newest_hundred_ids() -> None:
    ids = " ".join(f"<{number}@x>" for number in range(150))

    got = thread_of(fields(("References", ids)))

    assert got[0] == "<50@x>"
    assert got[-1] == "<149@x>"
