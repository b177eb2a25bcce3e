"""Listings: a table for people, an array of objects for programs."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.table import Table

_PIPE_WIDTH = 160
"""Columns where nobody says how wide the paper is."""

AsJson = Annotated[bool, typer.Option("--json", help="Print an array of objects.")]
Limit = Annotated[int, typer.Option(help="Show at most so many.", min=1)]


def write_json(value: object) -> None:
    """Write one JSON value and a line end; datetimes as RFC 3339."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def listing(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    zone: str,
    *,
    as_json: bool,
    exact: bool = False,
) -> None:
    """Show rows: all keys as JSON, or the chosen columns as a table with times in the desk's zone, exact to the second."""
    if as_json:
        write_json(rows)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        # A reference is for copying: never cut.
        table.add_column(column, no_wrap=column != columns[-1], overflow="fold")
    for row in rows:
        table.add_row(*(cell(row.get(column), zone, exact=exact) for column in columns))
    console().print(table)


def details(row: Mapping[str, Any], zone: str, *, as_json: bool) -> None:
    """Show one row whole, a line for each key."""
    if as_json:
        write_json([row])
        return
    for key, value in row.items():
        console().print(f"{key:<12}{cell(value, zone)}")


def cell(value: object, zone: str, *, exact: bool = False) -> str:
    """Write a value for people."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(zone))
        if exact:
            return f"{local:%Y-%m-%d %H:%M:%S}"
        this_year = datetime.now(local.tzinfo).year
        return f"{local:%m-%d %H:%M}" if local.year == this_year else f"{local:%Y-%m-%d %H:%M}"
    return str(value)


def console() -> Console:
    """Give standard output; clients' words are never taken for markup."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(markup=False, highlight=False, width=width)
