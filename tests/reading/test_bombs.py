"""Messages made to hang or flood their reader, given to the real one, under tighter limits than it has."""

import base64
import io
import zipfile
from collections.abc import Callable, Iterator

import pytest

from faultdesk.domain.message import InboundMessage
from faultdesk.reading import RawItem, Readers, ReadingLimits

HEAD = b"From: a@x.example\nSubject: x\n"
HTML = HEAD + b"Content-Type: text/html\n\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"
LARGEST = 30 * 1024 * 1024
"""Octets of a message that is let in."""
# An address space of 384 MiB leaves some 200 MiB beside the interpreter.
LIMITS = ReadingLimits(processes=1, seconds=15, memory_octets=384 * 1024 * 1024)


def attached(name: str, octets: bytes) -> bytes:
    head = f"Content-Type: application/octet-stream; name={name}\nContent-Transfer-Encoding: base64\n\n"
    return HEAD + head.encode() + base64.encodebytes(octets)


def zip_of_zips(depth: int) -> bytes:
    octets = bytes(1_000)
    for _ in range(depth):
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{number}.zip", octets)
        octets = written.getvalue()
    return octets


def document_of(paragraphs: int) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<w:p/>" * paragraphs)
    return written.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "10,000 nested parts": lambda: HEAD + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(10_000)
    ),
    "10,000 nested messages": lambda: HEAD + b"Content-Type: message/rfc822\n\n" * 10_000,
    "100,000 parts side by side": lambda: MIXED + b"--b\nContent-Type: text/plain\n\nx\n" * 100_000,
    "a line of 1 MB in the header": lambda: b"Subject: " + b"a" * 1_000_000 + b"\nFrom: a@x.example\n\nx",
    "a million recipients": lambda: HEAD + b"To: " + b",\n ".join(b"a%d@x.example" % n for n in range(1_000_000)) + b"\n\nx",
    "a million fields of recipients": lambda: HEAD + b"".join(b"To: a%d@x.example\n" % n for n in range(1_000_000)) + b"\nx",
    "fields of open quotes": lambda: HEAD + (b"To: " + b'"\\' * 16_000 + b"\n") * 100 + b"\nx",
    "comments in comments in addresses": lambda: b"From: " + b"(a" * 500_000 + b")" * 500_000 + b"a@x.example\n\nx",
    "fields of comments": lambda: HEAD + (b"To: " + b"(a" * 16_000 + b"\n") * 100 + b"\nx",
    "comments that never end, in what a server says": lambda: (b"Authentication-Results: " + b"(" * 3_900 + b"\n") * 100 + HEAD + b"\nx",
    "an endless Reply-To of a mute address": lambda: b"From: noreply@x.example\nReply-To: " + b"a" * 40_000 + b"\n\nx",
    "base64 of as much as is let in": lambda: attached("a.bin", bytes(LARGEST * 70 // 100)),
    "quoted-printable of as much as is let in": lambda: HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=41" * (LARGEST // 3),
    "30 million lines": lambda: HEAD + b"\n" * LARGEST,
    "a zip of zips": lambda: attached("a.zip", zip_of_zips(5)),
    "a document of a million paragraphs": lambda: attached("a.docx", document_of(1_300_000)),
    "a calendar of 100,000 events": lambda: HEAD + b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * 100_000,
    "a winmail.dat of empty objects": lambda: HEAD + b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22" + bytes(1_000_000),
    "a million links": lambda: HTML + b"<a href=http://x.example/a>b</a>" * (LARGEST // 32),
    "a million links in a plain text": lambda: HEAD + b"\n" + b"http://x.example/a " * 1_000_000,
    "links in links": lambda: HTML + b"<a href=http://x.y/><table><tr><td>a" * 20_000,
    "a table of a million cells": lambda: HTML + b"<table><tr>" + b"<td>a" * 1_000_000,
    "tables in tables": lambda: HTML + b"<table><tr><td>" * 30_000 + b"word " * 80_000,
    "quotes in quotes": lambda: HTML + b"<blockquote type=cite>a" * 1_900,
    "blocks in blocks": lambda: HTML + b"<div>" * 100_000,
    "what is bold, begun again in each paragraph": lambda: HTML + b"".join(b"<b a=%d>" % n for n in range(1_000)) + b"<p>x" * 50_000,
    "forwards in forwards": lambda: HEAD + b"\n" + b"".join(b"begin forwarded message:\n" + b">" * n + b"x\n" for n in range(600)) + b"\n" * 300_000,
    "as many pages as parts": lambda: MIXED + (b"--b\nContent-Type: text/html\n\n" + b"<p>page " * 65_000 + b"\n") * 100,
    "50,000 attributes": lambda: HTML + b"<p " + b" ".join(b"a%d=1" % n for n in range(50_000)) + b">a",
    "blanks where a colour should be": lambda: HTML + b"<font color:" + b" " * 400_000 + b"x>a",
}  # fmt: skip


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    readers = Readers(LIMITS)
    yield readers
    readers.close()


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_by_the_reader_that_goes_on(readers: Readers, name: str) -> None:
    content = BOMBS[name]()

    answers = readers.read([RawItem(content=content, size=len(content)), RawItem(content=HEAD, size=1, id=7)])

    assert [type(answer) for answer in answers] == [InboundMessage, InboundMessage], answers
    assert isinstance(answers[0], InboundMessage)
    assert len(answers[0].text) < 4 * 1024 * 1024


def test_more_than_is_let_in_is_told_by_its_header_alone(readers: Readers) -> None:
    (answer,) = readers.read([RawItem(content=HEAD, size=270_000_000, truncated=True)])

    assert isinstance(answer, InboundMessage)
    assert answer.problems == (
        "message of 270000000 octets is larger than the limit; only its header was kept",
    )
