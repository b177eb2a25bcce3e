"""Writes the files that offices attach."""

import io
import struct
import tarfile
import zipfile
from email.message import EmailMessage

import docx
import openpyxl

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PDF = (
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    "4 0 obj<</Length {length}>>stream\n{drawing}\nendstream endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n"
)


def pdf(text: str) -> bytes:
    drawing = f"BT /F 12 Tf 20 200 Td ({text}) Tj ET"
    return _PDF.format(length=len(drawing), drawing=drawing).encode()


def word(*paragraphs: str, rows: list[list[str]] | None = None) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    for row in rows or []:
        table = document.add_table(1, len(row))
        for cell, text in zip(table.rows[0].cells, row, strict=True):
            cell.text = text
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def sheet(*rows: list[str]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def zipped(names: list[str], *, gbk: bool = False) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name.encode("gbk").decode("cp437") if gbk else name, b"x")
    octets = written.getvalue()
    # As a program in China writes it: the octets of the code page, and no flag that says otherwise.
    for name in names if gbk else ():
        utf8, plain = name.encode("gbk").decode("cp437").encode(), name.encode("gbk")
        octets = octets.replace(utf8, plain + b" " * (len(utf8) - len(plain)))
    return octets.replace(b"\x00\x08", b"\x00\x00") if gbk else octets


def tarred(names: list[str]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    return written.getvalue()


def tnef(body: str, name: str, octets: bytes) -> bytes:
    """Wrap a text and a file as Outlook does (MS-OXTNEF section 2.1)."""

    def attribute(level: int, number: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x0002800C, body.encode("gbk") + b"\0")
        + attribute(2, 0x00069002, bytes(14))
        + attribute(2, 0x00018010, name.encode() + b"\0")
        + attribute(2, 0x0006800F, octets)
    )


def mail(text: str, *files: tuple[str, str, bytes], subject: str = "报修") -> EmailMessage:
    """Write a mail with files: name, type as labelled, octets."""
    message = EmailMessage()
    message["From"], message["Subject"] = "王 <w@x.example>", subject
    message.set_content(text)
    for name, label, octets in files:
        main, _, sub = label.partition("/")
        message.add_attachment(octets, maintype=main, subtype=sub, filename=name)
    return message
