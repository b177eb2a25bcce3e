"""Each breakage that was mended has its mail in tests/data/reading, and here what is to be read in it."""

from pathlib import Path

import pytest

from faultdesk.reading import read_message
from faultdesk.reading.parts import NOT_READ, ONLY_FILES, ONLY_PICTURES
from faultdesk.reading.sealed import ENCRYPTED, SIGNED

GATE = "三楼的门禁打不开，请派人来看一下。"
MAILS = Path(__file__).parents[1] / "data" / "reading"


@pytest.mark.parametrize(
    ("name", "text", "attachments", "problems"),
    [
        ("gbk_called_unknown", GATE, [], []),
        ("gbk_called_ansi", GATE, [], []),
        ("gbk_called_cp936", GATE, [], []),
        ("gbk_with_a_blank_in_the_label", GATE, [], []),
        ("utf8_called_gbk", GATE, [], []),
        ("utf_7", GATE, [], []),
        ("utf_16", GATE, [], []),
        ("raw_gbk_header", GATE, [], []),
        ("flowed_with_delsp", GATE, [], []),
        ("boundary_never_seen", GATE, [], []),
        ("no_boundary_named", GATE, [], []),
        ("comment_without_end", GATE, [], []),
        ("style_without_end", GATE, [], []),
        ("tag_without_end", f"p {GATE}", [], []),
        ("windows_1252_called_latin_1", "The guard’s “gate 3” – it won’t open…", [], []),
        ("raw_big5_header", "三樓的門禁打不開，請派人來看一下。", [], []),
        ("name_in_continuations_of_gbk", GATE, ["三楼门禁.png"], []),
        ("nul_in_a_media_type", GATE, ["gate.png"], []),
        ("name_encoded_twice", GATE, ["报修单.png"], []),
        ("multiparts_in_multiparts", GATE, ["logo.png", "gate.jpg"], []),
        ("html_with_pictures_inside", GATE, ["gate.jpg"], []),
        ("invitation_only", "三楼门禁检修\n2026-03-05 01:00:00+00:00\n三楼机房", ["attachment.ics"], []),
        ("message_attached", GATE, ["gate.eml"], []),
        ("message_encoded_in_base64", GATE, ["gate.eml"], []),
        ("winmail", GATE, ["gate.txt"], []),
        ("one_piece_of_a_message", "", ["attachment"], [ONLY_FILES]),
        (
            "six_messages_attached",
            "\n\n".join(f"{n}号门打不开。" for n in range(1, 6)),
            [f"gate {n}.eml" for n in range(1, 7)],
            ["more than 5 messages are attached; the rest was not read"],
        ),
        (
            "big5_with_a_broken_octet",
            "三樓的門禁打不開，\ufffd請儘快派人來看一下，謝謝。保全室",
            [],
            ["some characters of the text could not be decoded"],
        ),
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
        (
            "uuencoded_without_its_blank",
            "The gate camera is dark, see the picture.\n\nYours, the guard",
            ["photo.gif"],
            [],
        ),
        ("semicolon_forgotten", GATE, [], []),
        ("plain_slash_text", GATE, [], []),
        ("html_slash_text", GATE, [], []),
        ("text_enriched", f"{GATE}\n<3 days", [], []),
        ("text_markdown", GATE, [], []),
        ("body_with_a_name", GATE, ["body.txt"], []),
        ("body_called_attachment", GATE, ["mail.html"], []),
        ("plain_asks_for_html", GATE, [], []),
        ("plain_asks_for_a_client", "The gate is stuck.", [], []),
        ("plain_is_a_picture", GATE, [], []),
        ("plain_is_cut_short", f"您好：\n{GATE}", [], []),
        ("html_says_the_same", GATE, [], []),
        ("message_beside_a_note", "请处理附件里的邮件。", ["gate.eml"], []),
        ("message_called_a_file", GATE, ["gate.eml"], []),
        ("message_called_a_file_beside_a_note", "请处理附件里的邮件。", ["gate.eml"], []),
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


@pytest.mark.parametrize("name", ["message_beside_a_note", "message_called_a_file_beside_a_note"])
def test_what_an_attached_message_says_counts_as_a_document_does(name: str) -> None:
    message = read_message((MAILS / f"{name}.eml").read_bytes())

    assert "gate" in message.attached_text.lower()


def test_an_attached_message_that_says_nothing_is_told() -> None:
    message = read_message(
        b"From: a@b.example\nSubject: see\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nPlease see.\n"
        b"--x\nContent-Type: message/rfc822\n\nFrom: c@d.example\n\n \n--x--\n"
    )

    assert message.problems == (NOT_READ,)


def test_a_tap_on_a_heart_asks_for_no_answer() -> None:
    message = read_message((MAILS / "reaction_of_a_phone.eml").read_bytes())

    assert message.robot


def test_a_tap_in_outlook_asks_for_no_answer() -> None:
    message = read_message((MAILS / "reaction_of_outlook.eml").read_bytes())

    assert message.robot


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("raw_gbk_header", "三楼门禁坏了请派人"),
        ("raw_big5_header", "三樓門禁壞了請派人"),
        ("q_words_with_blanks", "gate 3 门 禁 is stuck"),
    ],
)
def test_a_broken_subject_is_read(name: str, subject: str) -> None:
    assert read_message((MAILS / f"{name}.eml").read_bytes()).subject == subject


def test_a_digit_that_base64_lost_costs_the_rest_of_its_line() -> None:
    message = read_message((MAILS / "digit_lost_in_base64.eml").read_bytes())

    assert message.text.startswith("您好，三樓東側的門禁讀卡機從昨天下午開始")
    assert message.text.endswith("請儘快派人來看一下，謝謝。\n保全室電話 02-2345-6789")


def test_a_media_type_holds_no_nul_which_no_database_takes() -> None:
    message = read_message((MAILS / "nul_in_a_media_type.eml").read_bytes())

    assert "\0" not in message.attachments[0].media_type
