"""Ways in which a mail comes out other than it went in: by broken programs, gateways and malice."""

import base64
import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

from reading.office import mail, pdf, sheet, tarred, tnef, word, zipped

_DATA = Path(__file__).parents[1] / "data"
_LONGEST = 256 * 1024
_BOUNDARY_LINE = re.compile(rb"^--[^\r\n]{1,70}\r?$", re.MULTILINE)
_CHARSET = re.compile(rb"charset\s*=\s*\"?[\w.:-]{1,40}\"?", re.IGNORECASE)
_TYPE = re.compile(rb"(?<=content-type:)\s{0,4}[\w./+-]{1,60}", re.IGNORECASE)
_CODING = re.compile(rb"(?<=content-transfer-encoding:)[^\r\n]{0,40}", re.IGNORECASE)
_CHARSETS = [
    "gb2312",
    "gbk",
    "gb18030",
    "GBK",
    "",
    "cp936",
    "ANSI",
    "big5",
    "big5-hkscs",
    "utf-8",
    "utf-7",
    "utf-16",
    "utf-16le",
    "utf-32",
    "hz-gb-2312",
    "iso-2022-jp",
    "iso-2022-kr",
    "shift_jis",
    "windows-1252",
    "iso-8859-1",
    "us-ascii",
    "x-unknown",
    "unknown-8bit",
    "idna",
    "punycode",
    "hex",
    "rot13",
    "unicode_escape",
    "raw_unicode_escape",
    "mbcs",
    "undefined",
    "uu",
    "zlib",
    "bz2",
    "cp65001",
    "koi8-r",
    "ÿþ",
]
_TYPES = [
    "text/plain",
    "text/html",
    "text/calendar",
    "text/rtf",
    "application/rtf",
    "text/rfc822-headers",
    "multipart/mixed",
    "multipart/alternative",
    "multipart/related",
    "multipart/report",
    "multipart/signed",
    "multipart/encrypted",
    "multipart/digest",
    "message/rfc822",
    "message/partial",
    "message/delivery-status",
    "message/external-body",
    "application/ms-tnef",
    "application/pkcs7-mime",
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "image/tiff",
    "image/png",
    "text",
    "text/",
    "/plain",
]
_CODINGS = [
    "base64",
    "quoted-printable",
    "7bit",
    "8bit",
    "binary",
    "x-uuencode",
    "uuencode",
    "x-yenc",
    "BASE64;",
    "none",
]
_FRAGMENTS = (
    "=?utf-8?B?", "=?gb2312?Q?=D6?=", "?=", "=?=", "\0", "\r", "\r\n\r\n", "\n--b\n", "<table><tr><td>", "<blockquote type=cite>",
    "<div style='display:none'>", "&#0;", "&#xD800;", "&#x110000;", "<![CDATA[", "<!--", "begin 644 a\n", "`\nend\n", "> ", ">>>> ",
    "-- \n", "发件人: ", "写道：\n", "On 5 Jan, 1:00, a@b wrote:\n", "-----原始邮件-----\n", "From: a@b\n", "\u202e", "\u200b", "\ufeff", "\u2028",
    "\x0b", "\x0c", "\x1c", "\x85", "昨天下午三点", "2026年13月45日25时", "前天上午10点到11点", "报修单位：", "电话：", "\n\t", '"', "(", "((((", "<", ">>>",
    "\\", ";", "*0*=", "%00", "%u0041", "''", "@", "<<>>", "FD-2026-000001", "[FD-2026-999999999999999999]", "分类：", "class: ", "Fwd: ",
    "-----BEGIN PGP MESSAGE-----\n", "{\\rtf1 ", "BEGIN:VCALENDAR\n", "%PDF-1.4\n", "PK\x03\x04", "MZ\0", "😀", "\U0002070e", "㐀", "囍" * 50,
)  # fmt: skip

Mutation = Callable[[bytes, Random], bytes]


@cache
def corpus() -> dict[str, bytes]:
    """Give the mails to begin with: all that tests have, and one with each kind of file."""
    files = [
        ("a.docx", word("报修", "三楼门禁", rows=[["设备", "门禁"], ["地点", "三楼"]])),
        ("a.xlsx", sheet(["报修单位", "地点"], ["翠苑", "三楼"])),
        ("a.pdf", pdf("gate 3 is stuck")),
        ("a.zip", zipped(["图纸.dwg", "b.exe"], gbk=True)),
        ("a.tgz", tarred(["logs/a.log", "b.log"])),
        ("winmail.dat", tnef("三楼的门禁打不开", "a.txt", b"x")),
        ("a.rtf", rb"{\rtf1\ansicpg936 \'c3\'c5\'bd\'fb\par}"),
        ("a.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nDTSTART:20260105T063332Z\r\nEND:VEVENT\r\nEND:VCALENDAR"),
        ("a.htm", b"<table><tr><td>a<td>b</table>"),
    ]  # fmt: skip
    made = {name: bytes(mail("见附件", (name, "application/octet-stream", octets))) for name, octets in files}
    made["winmail.dat"] = made["winmail.dat"].replace(b"application/octet-stream", b"application/ms-tnef")
    return made | {
        path.relative_to(_DATA).as_posix(): path.read_bytes() for path in sorted(_DATA.rglob("*.eml"))
    }


def mutated(raw: bytes, steps: list[tuple[str, int]]) -> bytes:
    """Do one thing after the other to a mail; each has its own seed."""
    for name, seed in steps:
        raw = MUTATIONS[name](raw, Random(seed))[:_LONGEST]  # noqa: S311  no secret
    return raw


def _place(raw: bytes, rng: Random) -> int:
    """Choose a place, in the first half of all cases in the header, where there is most to break."""
    return rng.randrange(1 + len(raw) if rng.random() < 0.5 else min(len(raw), 2_000) + 1)


def _other(rng: Random) -> bytes:
    return corpus()[rng.choice(list(corpus()))]


def _parts(raw: bytes) -> list[bytes]:
    """Cut before every boundary line."""
    cuts = [0, *(match.start() for match in _BOUNDARY_LINE.finditer(raw)), len(raw)]
    return [raw[start:end] for start, end in pairwise(cuts)]


def _cut(raw: bytes, rng: Random) -> bytes:
    return raw[: _place(raw, rng)]


def _flip(raw: bytes, rng: Random) -> bytes:
    octets = bytearray(raw)
    for _ in range(rng.choice((1, 3, 30))):
        if octets:
            octets[rng.randrange(len(octets))] = rng.randrange(256)
    return bytes(octets)


def _insert(raw: bytes, rng: Random) -> bytes:
    at = _place(raw, rng)
    fragment = rng.choice(_FRAGMENTS).encode(rng.choice(("utf-8", "gb18030")))
    return raw[:at] + fragment * rng.choice((1, 1, 2, 3_000)) + raw[at:]


def _drop(raw: bytes, rng: Random) -> bytes:
    at = _place(raw, rng)
    return raw[:at] + raw[at + rng.choice((1, 2, 40, 400)) :]


def _double(raw: bytes, rng: Random) -> bytes:
    at, length = _place(raw, rng), rng.choice((1, 8, 80, 800))
    return raw[:at] + raw[at : at + length] * rng.choice((2, 50)) + raw[at + length :]


def _shuffle_parts(raw: bytes, rng: Random) -> bytes:
    head, *parts = _parts(raw)
    rng.shuffle(parts)
    return b"".join([head, *parts])


def _repeat_a_part(raw: bytes, rng: Random) -> bytes:
    head, *parts = _parts(raw)
    return b"".join([head, *parts, *[rng.choice(parts)] * rng.choice((2, 250))]) if parts else raw


def _put_inside(raw: bytes, rng: Random) -> bytes:
    """Wrap it all in a multipart, a forwarded message or a part that is encoded as a whole."""
    kind = rng.choice(("mixed", "alternative", "related", "report", "signed", "digest"))
    head = b"From: a@x.example\nSubject: x\nMIME-Version: 1.0\n"
    for depth in range(rng.choice((1, 2, 40, 120))):
        inner = rng.choice((b"Content-Type: message/rfc822\n\n" + raw, raw))
        if rng.random() < 0.1:
            inner = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(
                raw
            )
        boundary = f"b{depth}".encode()
        raw = head + b"Content-Type: multipart/%s; boundary=%s\n\n" % (kind.encode(), boundary)
        raw += b"--%s\n%s\n--%s--\n" % (boundary, inner, boundary)
        if len(raw) > _LONGEST:
            break
    return raw


def _splice(raw: bytes, rng: Random) -> bytes:
    """Put another mail's header above it, or some of its lines, or its body below."""
    other = _other(rng)
    head = other.partition(b"\n\n")[0].splitlines(keepends=True)
    return rng.choice(
        (b"".join(head) + raw, b"".join(rng.sample(head, len(head) // 2)) + raw, raw + other, other[: _place(other, rng)] + raw)
    )  # fmt: skip


def _replaced(pattern: re.Pattern[bytes], raw: bytes, rng: Random, new: bytes) -> bytes:
    """Put something in the place of one match, or of all."""
    chosen = rng.choice((0.4, 1.0))
    return pattern.sub(lambda match: new if rng.random() < chosen else match[0], raw)


def _relabel(raw: bytes, rng: Random) -> bytes:
    label = rng.choice(_CHARSETS).encode("latin-1")
    named = b'charset="%s"' % label if rng.random() < 0.5 else b"charset=" + label
    return _replaced(_CHARSET, raw, rng, named)


def _retype(raw: bytes, rng: Random) -> bytes:
    return _replaced(_TYPE, raw, rng, b" " + rng.choice(_TYPES).encode())


def _recode(raw: bytes, rng: Random) -> bytes:
    return _replaced(_CODING, raw, rng, b" " + rng.choice(_CODINGS).encode())


def _break_boundaries(raw: bytes, rng: Random) -> bytes:
    return _replaced(_BOUNDARY_LINE, raw, rng, rng.choice((b"", b"--", b"--b", b"-- \n", b"x")))


def _break_lines(raw: bytes, rng: Random) -> bytes:
    bare = raw.replace(b"\r\n", b"\n")
    return bare.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"\r\r\n", b"", b"\n ")))


def _transcode(raw: bytes, rng: Random) -> bytes:
    """Write what is UTF-8 in it otherwise, without saying so."""
    return raw.decode("utf-8", "replace").encode(
        rng.choice(("gb18030", "big5", "utf-16", "utf-7")), "replace"
    )


def _encode_subject(raw: bytes, rng: Random) -> bytes:
    """Write a subject in encoded words that end anywhere, with line ends and controls in them."""
    octets = rng.choice(("门禁坏了，请派人", "a\r\nBcc: x@y.example", "\0\x1b[2J", "𠮷" * 30)).encode(
        "gb18030"
    )
    words: list[bytes] = []
    while octets:
        size = rng.randrange(1, 8)
        words.append(b"=?gb18030?B?" + base64.b64encode(octets[:size]) + b"?=")
        octets = octets[size:]
    return (
        rng.choice((b"Subject: ", b"From: ", b"To: "))
        + rng.choice((b" ", b"", b"\n ")).join(words)
        + b"\n"
        + raw
    )


MUTATIONS: dict[str, Mutation] = {
    "cut": _cut,
    "flip": _flip,
    "insert": _insert,
    "drop": _drop,
    "double": _double,
    "shuffle parts": _shuffle_parts,
    "repeat a part": _repeat_a_part,
    "put inside": _put_inside,
    "splice": _splice,
    "relabel": _relabel,
    "retype": _retype,
    "recode": _recode,
    "break boundaries": _break_boundaries,
    "break lines": _break_lines,
    "transcode": _transcode,
    "encode subject": _encode_subject,
}
