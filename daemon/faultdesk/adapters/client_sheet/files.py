"""The rows of a csv or xlsx file."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile

from faultdesk.errors import PermanentError

_MOST_ROWS = 100_000
_MOST_OCTETS = 50_000_000
_LIVE = re.compile(r"'[=+@-]")


def rows_of(path: Path) -> Iterator[Sequence[object]]:
    """Read a file's rows, of a workbook those of its first sheet.

    Raises:
        PermanentError: It cannot be read.
    """
    rows = _xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)
    for number, row in enumerate(rows, 1):
        if number > _MOST_ROWS:
            raise PermanentError(f"{path}: more than {_MOST_ROWS} rows; import it in parts")
        yield [_unshielded(cell) if isinstance(cell, str) else cell for cell in row]


def shielded(cell: str) -> str:
    """Write a cell so that no spreadsheet takes it for a formula, or a number's plus for a sign."""
    return f"'{cell}" if cell[:1] in {"=", "+", "@", "-"} else cell


def _unshielded(cell: str) -> str:
    return cell[1:] if _LIVE.match(cell) else cell


def _csv_rows(path: Path) -> Iterator[Sequence[object]]:
    """Read csv as spreadsheets write it in China: UTF-8, or GB 18030."""
    octets = _octets(path)
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = octets.decode("gb18030")
        except UnicodeDecodeError as error:
            raise PermanentError(f"{path}: neither UTF-8 nor GB 18030") from error
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise PermanentError(f"{path}: {error}") from error


def _xlsx_rows(path: Path) -> Iterator[Sequence[object]]:
    from openpyxl import load_workbook  # noqa: PLC0415  no other command, and no daemon, needs it

    try:
        book = load_workbook(io.BytesIO(_octets(path)), read_only=True)
        sheet = book.worksheets[0]
        yield from sheet.iter_rows(values_only=True)
    except (BadZipFile, KeyError, IndexError, ValueError, OSError) as error:
        raise PermanentError(f"{path}: no workbook that can be read: {error}") from error


def _octets(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_OCTETS:
            raise PermanentError(f"{path}: larger than {_MOST_OCTETS} octets")
        return path.read_bytes()
    except OSError as error:
        raise PermanentError(f"{path}: {error.strerror}") from error
