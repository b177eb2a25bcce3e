"""Each breakage that was mended has its mail in tests/data/reading, and here what is to be read in it."""

from pathlib import Path

import pytest

from faultdesk.reading import read_message
from faultdesk.reading.parts import ONLY_PICTURES
from faultdesk.reading.sealed import ENCRYPTED, SIGNED

MAILS = Path(__file__).parents[1] / "data" / "reading"


@pytest.mark.parametrize(
    ("name", "text", "attachments", "problems"),
    [
        ("smime_signed_opaque", "机房精密空调报警停机，请派人。", [], [SIGNED]),
        ("smime_encrypted", "", ["smime.p7m"], [ENCRYPTED]),
        (
            "pgp_in_text",
            "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----",
            [],
            [ENCRYPTED],
        ),
        (
            "uuencoded_in_text",
            "The gate camera is dark, see the picture.\n\nYours, the guard",
            ["photo.gif"],
            [],
        ),
        ("begin_is_a_word", "We\nbegin 644 checks\nat eight and end\nat ten.", [], []),
        ("html_called_plain", "门禁坏了", [], []),
        ("only_a_picture", "", ["form.jpg"], [ONLY_PICTURES]),
        ("two_content_types", "门禁坏了", [], []),
        ("no_closing_boundary", "道闸不抬", ["a.png"], []),
        ("hz_gb_2312", "道闸坏了", [], []),
        ("iso_2022_jp", "故障報告", [], []),
        ("unknown_8bit_big5", "監視器畫面全黑，請派人來維修，謝謝。", [], []),
        ("base64_with_noise", "门禁坏了", [], []),
        (
            "raw_gbk_file_name",
            "见附件",
            ["报修单.pdf"],
            ["the attachment 报修单.pdf is damaged; its words were not read"],
        ),
    ],
)
def test_a_broken_mail_is_read(name: str, text: str, attachments: list[str], problems: list[str]) -> None:
    message = read_message((MAILS / f"{name}.eml").read_bytes())

    whole = f"{message.text}\n{message.signature}".strip()
    assert whole == text
    assert [file.name for file in message.attachments] == attachments
    assert list(message.problems) == problems


def test_a_tap_on_a_heart_asks_for_no_answer() -> None:
    message = read_message((MAILS / "reaction_of_a_phone.eml").read_bytes())

    assert message.robot
