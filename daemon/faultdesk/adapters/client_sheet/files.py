"""The rows of a csv or xlsx file."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from faultdesk.errors import PermanentError

_MOST_ROWS = 100_000


def rows_of(path: Path) -> Iterator[Sequence[object]]:
    """Read a file's rows, of a workbook those of its first sheet.

    Raises:
        PermanentError: It cannot be read.
    """
    return _xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)


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
    try:
        book = openpyxl.load_workbook(io.BytesIO(_octets(path)), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        yield from sheet.iter_rows(values_only=True, max_row=_MOST_ROWS)
    except (InvalidFileException, BadZipFile, KeyError, IndexError, ValueError, OSError) as error:
        raise PermanentError(f"{path}: no workbook that can be read: {error}") from error


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PermanentError(f"{path}: {error.strerror}") from error
