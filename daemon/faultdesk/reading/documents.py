"""The words in an attached document, for classes and facts. Nothing in it is run, and little of a great one is read."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from faultdesk.reading.charset import decode
from faultdesk.reading.damage import UnreadableFileError, damage_told
from faultdesk.reading.hypertext import text_of

LONGEST = 20_000
"""Characters that are taken from one document."""
_MOST_PAGES = 20
_MOST_ROWS, _MOST_COLUMNS = 2_000, 50
_MOST_UNPACKED = 64 * 1024 * 1024
"""Octets an office document may hold unpacked."""
_MOST_XML_OF_WORD, _MOST_XML_OF_EXCEL = 4 * 1024 * 1024, 8 * 1024 * 1024
"""Octets of it that are XML, which takes many times the room once it is read."""
_LONGEST_CALENDAR = 128 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument."


def is_document(media_type: str) -> bool:
    """Tell whether words can be taken out of files of this type."""
    return media_type in _READERS


def words_of(media_type: str, octets: bytes) -> str:
    """Take the words out of a document, `LONGEST` characters at most.

    Raises:
        UnreadableFileError: It is damaged, locked or a bomb.
    """
    lines: list[str] = []
    room = LONGEST
    with damage_told():
        for line in _READERS[media_type](octets):
            lines.append(line[:room])
            room -= len(line) + 1
            if room <= 0:
                break
    return "\n".join(lines).replace("\0", "").strip()


def _pdf(octets: bytes) -> Iterator[str]:
    import pypdfium2  # noqa: PLC0415  few messages bring documents

    try:
        document = pypdfium2.PdfDocument(octets)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise UnreadableFileError("is locked with a password") from error
        raise
    for page in islice(document, _MOST_PAGES):
        yield page.get_textpage().get_text_bounded(errors="replace").replace("\r\n", "\n")


def _docx(octets: bytes) -> Iterator[str]:
    from docx import Document  # noqa: PLC0415
    from docx.table import Table  # noqa: PLC0415

    _check_unpacked_size(octets, _MOST_XML_OF_WORD)
    for block in Document(io.BytesIO(octets)).iter_inner_content():
        if isinstance(block, Table):
            yield from (_row(cell.text for cell in row.cells) for row in islice(block.rows, _MOST_ROWS))
        else:
            yield block.text


def _xlsx(octets: bytes) -> Iterator[str]:
    from openpyxl import load_workbook  # noqa: PLC0415

    _check_unpacked_size(octets, _MOST_XML_OF_EXCEL)
    book = load_workbook(io.BytesIO(octets), read_only=True, data_only=True, keep_links=False)
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS, values_only=True):
            if any(value is not None for value in row):
                yield _row("" if value is None else str(value) for value in row)


def _rtf(octets: bytes) -> Iterator[str]:
    yield rtf_text(octets)


def rtf_text(octets: bytes) -> str:
    """Give the text of an RTF document; what cannot be decoded is left out."""
    from striprtf.striprtf import rtf_to_text  # noqa: PLC0415

    text = rtf_to_text(octets.decode("latin-1"), errors="ignore")  # type: ignore[no-untyped-call]
    return str(text)


def _calendar(octets: bytes) -> Iterator[str]:
    """Give summary, start, place and description of each event (RFC 5545)."""
    from icalendar import Calendar  # noqa: PLC0415

    if len(octets) > _LONGEST_CALENDAR:
        raise UnreadableFileError(f"is longer than {_LONGEST_CALENDAR >> 10} KiB")
    for event in Calendar.from_ical(decode(octets, "utf-8")).walk("VEVENT"):
        for name in ("summary", "dtstart", "location", "description"):
            if (value := event.get(name)) is not None:
                yield str(getattr(value, "dt", value))


def _plain(octets: bytes) -> Iterator[str]:
    yield from decode(octets[: 4 * LONGEST], "").splitlines()


def _html(octets: bytes) -> Iterator[str]:
    yield text_of(decode(octets[: 40 * LONGEST], ""))


def _row(cells: Iterable[str]) -> str:
    """Write the cells of a row; one merged over several columns comes once for each of them."""
    written: list[str] = []
    for cell in cells:
        text = " ".join(cell.split())
        if text and (not written or written[-1] != text):
            written.append(text)
    return "\t".join(written)


def _check_unpacked_size(octets: bytes, most_xml: int) -> None:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise UnreadableFileError(f"would hold more than {_MOST_UNPACKED >> 20} MiB unpacked")
    if sum(entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels"))) > most_xml:
        raise UnreadableFileError(f"would hold more than {most_xml >> 20} MiB of XML")


_READERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "application/pdf": _pdf,
    _OFFICE + "wordprocessingml.document": _docx,
    _OFFICE + "spreadsheetml.sheet": _xlsx,
    "application/rtf": _rtf,
    "text/rtf": _rtf,
    "text/calendar": _calendar,
    "text/plain": _plain,
    "text/csv": _plain,
    "text/html": _html,
}
