"""Whatever the octets are, a message comes out. Bounds are on results; the sandbox bounds the time."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faultdesk.domain.message import InboundMessage
from faultdesk.reading import read_message

HEAD = b"From: a@x.example\nSubject: x\n"


def nested(depth: int) -> bytes:
    levels = (b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    return HEAD + b"".join(levels) + b"Content-Type: text/plain\n\nhi"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\0" * 10_000,
        b"\r" * 10_000,
        b"Subject: " + b"a" * 1_000_000 + b"\n\nx",
        HEAD + b"".join(b"X-%d: y\n" % number for number in range(100_000)) + b"\nx",
        HEAD + b"Content-Type: message/rfc822\n\n" * 10_000,
        b"From: " + b'"\\' * 100_000 + b"\n\nx",
        b"Content-Type: multipart/mixed; " + b';"' * 100_000 + b"\n\nx",
        HEAD + b"Content-Type: text/plain; charset=idna\n\na.\xff",
        HEAD + b"Content-Type: text/plain; charset=\xff\xfe\n\na.\xff",
        HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 50_000,
        HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"A==" * 10_000,
        HEAD + b"\n" + b"> " * 50_000,
        HEAD + b"\n" + b"dear\n" * 50_000,
        b"Date: Mon, 1 Jan 1900 00:00:00 +9959\nReceived: ;;;; Fri, 31 Dec 9999 23:59:59 -2359\n\nx",
    ],
    ids=lambda raw: raw[:40].decode("ascii", "replace"),
)
def test_hostile_octets_become_a_message(raw: bytes) -> None:
    assert isinstance(read_message(raw), InboundMessage)


def test_ten_thousand_levels_are_a_problem_not_an_error() -> None:
    message = read_message(nested(10_000))

    assert message.subject == "x"
    assert message.problems == ("the message has more than 100 multiparts; the rest was not looked at",)


def test_messages_in_messages_without_end_leave_the_header() -> None:
    message = read_message(HEAD + b"Content-Type: message/rfc822\n\n" * 10_000)

    assert message.subject == "x"
    assert message.problems == ("the message is nested too deeply; only its header was read",)


def test_more_than_two_hundred_parts_are_not_looked_at() -> None:
    part = b"--b\nContent-Type: application/x\n\nx\n"

    message = read_message(HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 1_000)

    assert len(message.attachments) == 199
    assert message.problems == ("the message has more than 200 parts; the rest was not looked at",)


def test_endless_text_is_cut_between_lines() -> None:
    message = read_message(HEAD + b"\n" + "门禁坏了\n".encode() * 100_000)

    assert len(message.text) < 512 * 1024
    assert message.problems == ("a text of 1300000 octets was cut after 524288",)


_FRAGMENTS = st.sampled_from(
    [
        b"From: ", b"To: ", b"Subject: ", b"Date: ", b"Received: x; ", b"References: ", b"Content-Type: ",
        b"Content-Disposition: attachment; filename*0*=", b"Content-Transfer-Encoding: ", b"Return-Path: <>",
        b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=b", b"message/rfc822", b"text/html",
        b"text/plain; charset=", b"base64", b"quoted-printable", b"x-uuencode", b"gb2312", b"big5", b"utf-16", b"utf-7",
        b"--b", b"--b--", b"\n", b"\n\n", b"\r\n", b"\r", b" ", b"\0", b"\xff", b"\xd6\xd0", "门".encode(), b"=?utf-8?B?",
        b"=?gb2312?Q?=D6?=", b"?=", b"<", b">", b'"', b"(", b"@", b",", b";", b"*", b"'", b"%", b"=", b"> ", b"-- ",
        "发件人: ".encode(), "写道：".encode(), b"On 1:00 wrote:", b"<table><tr><td>", b"<blockquote type=cite>", b"Fwd: ",
        b"begin 644 x", b"Mon, 5 Jan 2026 06:33:32 +0800", b"&#0;&#xD800;",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_FRAGMENTS | st.binary(max_size=12), max_size=60).map(b"".join))
def test_any_octets_become_a_message_that_travels(raw: bytes) -> None:
    message = read_message(raw)

    travelled = msgspec.json.decode(msgspec.json.encode(message), type=InboundMessage)
    assert travelled == message
    assert "\0" not in repr(message)
    assert len(message.text) <= 8 * len(raw) + 100
