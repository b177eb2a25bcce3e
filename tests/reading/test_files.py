import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.message import Attachment, InboundMessage
from faultdesk.reading import read_message
from faultdesk.reading.documents import LONGEST
from faultdesk.reading.files import safe_name
from reading.office import DOCX, XLSX, mail, pdf, sheet, tarred, tnef, word, zipped

OCTETS = "application/octet-stream"


def read(*files: tuple[str, str, bytes], text: str = "见附件") -> InboundMessage:
    return read_message(mail(text, *files).as_bytes())


def only(*files: tuple[str, str, bytes]) -> Attachment:
    (file,) = read(*files).attachments
    return file


@pytest.mark.parametrize(
    ("name", "label", "octets", "media_type", "text"),
    [
        ("form.pdf", OCTETS, pdf("No picture at gate 3"), "application/pdf", "No picture at gate 3"),
        (
            "报修单.docx",
            OCTETS,
            word("门禁坏了", rows=[["单位", "市图书馆"]]),
            DOCX,
            "门禁坏了\n单位\t市图书馆",
        ),
        (
            "清单.xlsx",
            "application/vnd.ms-excel",
            sheet(["设备", "数量"], ["读卡器", "2"]),
            XLSX,
            "设备\t数量\n读卡器\t2",
        ),
        (
            "a.rtf",
            "application/msword",
            rb"{\rtf1\ansi\ansicpg936 \'c3\'c5 broken}",
            "application/rtf",
            "门 broken",
        ),
        ("说明.txt", "text/plain", "三楼没网".encode("gbk"), "text/plain", "三楼没网"),
    ],
)
def test_words_of_documents_are_read_whatever_their_label(
    name: str, label: str, octets: bytes, media_type: str, text: str
) -> None:
    file = only((name, label, octets))

    assert (file.name, file.media_type, file.text) == (name, media_type, text)


def test_document_speaks_for_a_mail_that_says_nothing_but_is_no_part_of_its_text() -> None:
    message = read(("报修单.docx", DOCX, word("门禁读卡器坏了")))

    assert message.text == "见附件"
    assert message.attached_text == "门禁读卡器坏了"


@pytest.mark.parametrize("octets", [b"%PDF-1.7\nnothing", b"%PDF-1.7" + bytes(10_000)])
def test_damaged_document_is_told_and_the_mail_is_read(octets: bytes) -> None:
    message = read(("a.pdf", "application/pdf", octets))

    assert message.text == "见附件"
    assert message.problems == ("the attachment a.pdf is damaged; its words were not read",)


def test_office_document_that_would_unpack_to_gigabytes_is_left_closed() -> None:
    bomb = word("x")
    at = bomb.index(b"PK\x01\x02") + 24
    bomb = bomb[:at] + (2**31).to_bytes(4, "little") + bomb[at + 4 :]

    assert read(("a.docx", DOCX, bomb)).problems == (
        "the attachment a.docx would hold more than 64 MiB unpacked; its words were not read",
    )


def test_little_is_taken_of_a_long_document() -> None:
    assert len(only(("a.docx", DOCX, word(*["门禁" * 100] * 500))).text) <= LONGEST


@pytest.mark.parametrize(
    ("name", "label", "octets", "media_type"),
    [
        ("图纸.zip", "application/x-zip-compressed", zipped(["一层.dwg", "照片/a.jpg"]), "application/zip"),
        ("图纸.tgz", OCTETS, tarred(["一层.dwg", "照片/a.jpg"]), "application/gzip"),
    ],
)
def test_archives_are_listed(name: str, label: str, octets: bytes, media_type: str) -> None:
    file = only((name, label, octets))

    assert (file.media_type, file.holds, file.text) == (media_type, ("一层.dwg", "照片/a.jpg"), "")


def test_names_in_an_archive_are_read_as_gbk_when_nothing_is_said() -> None:
    assert [name.strip() for name in only(("a.zip", OCTETS, zipped(["门禁.dwg"], gbk=True))).holds] == [
        "门禁.dwg"
    ]


def test_names_of_files_are_unique_whatever_their_case() -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(40)
    names = [
        file.name
        for file in read(*[(name, "image/png", png) for name in ("a.png", "A.PNG", "a.png")]).attachments
    ]

    assert names == ["a.png", "A (2).PNG", "a (3).png"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\a.txt", "a.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nBcc: x@x.example.png", "aBcc x@x.example.png"),
        ("con.txt", "con_.txt"),
        ("...", "attachment.pdf"),
        ("长" * 300 + ".pdf", "长" * 70 + ".pdf"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, "application/pdf") == safe


@given(st.text(max_size=300))
def test_no_name_leaves_its_folder(name: str) -> None:
    safe = safe_name(name, "image/png")

    assert safe not in {"", ".", ".."}
    assert not set(safe) & set('/\\\0\r\n:"<>|?*')


def test_program_is_told_whatever_it_is_called() -> None:
    message = read(("报价单.pdf", "application/pdf", b"MZ\x90\x00" + bytes(200)))

    assert message.attachments[0].media_type == "application/vnd.microsoft.portable-executable"
    assert message.problems == ("the attachment 报价单.pdf is a program; do not open it",)


def test_wrapping_of_outlook_is_opened() -> None:
    message = read(("winmail.dat", "application/ms-tnef", tnef("道闸坏了", "a.txt", b"three")), text="")

    assert message.text == "道闸坏了"
    assert [(file.name, file.text) for file in message.attachments] == [("a.txt", "three")]


def test_damaged_wrapping_stays_an_attachment() -> None:
    message = read(("winmail.dat", "application/ms-tnef", b"nonsense"))

    assert [file.name for file in message.attachments] == ["winmail.dat"]
    assert message.problems == ("the text is in a winmail.dat that cannot be read",)


def test_text_that_begins_like_a_program_is_none() -> None:
    assert read(("n.txt", "text/plain", b"MZ-3 gate is stuck")).problems == ()


@pytest.mark.parametrize("octets", [b"\x1f\x8b\x08\0\0\0\0\0\0\x03damaged", b"PK\x03\x04" + bytes(50)])
def test_damaged_archive_is_told_and_the_mail_is_read(octets: bytes) -> None:
    message = read(("a.bin", OCTETS, octets))

    assert message.text == "见附件"
    assert message.problems == ("the attachment a.bin is damaged; its words were not read",)


def test_so_many_files_are_listed_that_somebody_could_look_at_them() -> None:
    begin = "begin 644 a.txt\n#86)C\n`\nend\n"
    message = read_message(("From: a@x.example\n\nhello\n" + begin * 700).encode())

    assert len(message.attachments) == 500
    assert message.problems == ("the message has more than 500 files; the rest is not listed",)
    assert message.text == "hello"
