"""board: the open tickets by their nearest deadline, live, in a terminal of 80 columns."""

import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Static

from faultdesk.adapters.sql import listings
from faultdesk.adapters.sql.listings import Row
from faultdesk.adapters.sql.store import SqlTransaction
from faultdesk.cli.context import configuration, database
from faultdesk.cli.tickets import find_ticket, print_ticket
from faultdesk.errors import FaultdeskError, PermanentError

_EVERY_SECONDS = 5.0
_MOST = 500
_SOON = timedelta(hours=1)
_COLUMNS = (("due in", 8), ("ticket", 14), ("what", 18), ("who", 8), ("subject", 17))
_LATE, _NEAR, _CALM = "bold white on red", "black on yellow", "green"


def board(context: typer.Context) -> None:
    """Watch the open tickets, the most urgent on top; Enter opens one, q ends."""
    if not sys.stdout.isatty():
        raise PermanentError("the board wants a terminal; `faultdesk tickets` lists")
    zone = configuration(context).desk.time_zone
    with database(context) as opened:

        def rows() -> list[Row]:
            with opened.read() as connection:
                return listings.tickets(connection, listings.Wanted(by_deadline=True), _MOST)

        def shown(reference: str, width: int) -> str:
            out = io.StringIO()
            with opened.read() as connection:
                transaction = SqlTransaction(connection)
                found = find_ticket(transaction, reference)
                written = listings.messages(connection, found.id)
                log = transaction.tickets.events(found.id)
            console = Console(file=out, width=width, markup=False, highlight=False)
            print_ticket(found, written, log, zone, console)
            return out.getvalue()

        Board(rows, shown, zone).run()


class TicketScreen(ModalScreen[None]):
    """One ticket whole."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "back"),
    ]

    def __init__(self, words: str) -> None:
        """Show these words."""
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        """Lay them out, to be scrolled."""
        # Clients' words are never taken for markup.
        yield VerticalScroll(Static(self._words, markup=False))
        yield Footer()


class Board(App[None]):
    """The table, read anew every few seconds."""

    CSS = "DataTable { height: 1fr; } TicketScreen { background: $surface; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "refresh", "refresh"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, rows: Callable[[], list[Row]], shown: Callable[[str, int], str], zone: str) -> None:
        """Read with `rows`; show one ticket with `shown`, in so many columns."""
        super().__init__()
        self._rows = rows
        self._shown = shown
        self._zone = zone

    def compose(self) -> ComposeResult:
        """Lay the table out."""
        yield Static(id="head")
        yield DataTable[Text](cursor_type="row", zebra_stripes=True)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        table = self._table
        for name, width in _COLUMNS[:-1]:
            table.add_column(name, width=width)
        table.add_column(_COLUMNS[-1][0])
        self.action_refresh()
        self.set_interval(_EVERY_SECONDS, self.action_refresh)
        table.focus()

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one(DataTable)

    def action_refresh(self) -> None:
        """Read anew, and stay at the ticket that was chosen."""
        table, now, head = self._table, datetime.now(UTC), self.query_one("#head", Static)
        try:
            chosen, rows = self._chosen(), self._rows()
        except FaultdeskError as error:  # a database that is away comes back, and the board stays
            head.update(Text(f"not read anew: {error}", style=_LATE))
            return
        table.clear()
        for row in rows:
            table.add_row(*_cells(row, now), key=row["reference"])
        if chosen in {row["reference"] for row in rows}:
            table.move_cursor(row=table.get_row_index(chosen))
        late = sum(row["due"] is not None and row["due"] <= now for row in rows)
        local = now.astimezone(ZoneInfo(self._zone))
        most = "+" if len(rows) == _MOST else ""
        head.update(Text(f"{local:%Y-%m-%d %H:%M}  {len(rows)}{most} open, {late} late", style="bold"))

    def _chosen(self) -> str:
        table = self._table
        if not table.row_count:
            return ""
        return str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value)

    def on_data_table_row_selected(self, selected: DataTable.RowSelected) -> None:
        """Open the ticket on which Enter was pressed."""
        self.push_screen(TicketScreen(self._shown(str(selected.row_key.value), self.size.width - 2)))


def _cells(row: Row, now: datetime) -> tuple[Text, ...]:
    if row["due"] is None:
        left, style = "waits" if row["is_waiting"] else "-", "dim"
    else:
        left, style = _span(row["due"] - now), _style(row["due"] - now)
    about = "/".join(str(row[name] or "-") for name in ("system", "fault_class"))
    who = (row["engineer"] or "-").partition("@")[0]
    return (
        Text(left, style=style, justify="right"),
        Text(row["reference"]),
        Text(about, no_wrap=True, overflow="ellipsis"),
        Text(who, no_wrap=True, overflow="ellipsis"),
        Text(row["subject"] or "", no_wrap=True, overflow="ellipsis"),
    )


def _style(left: timedelta) -> str:
    return _LATE if left <= timedelta() else _NEAR if left <= _SOON else _CALM


def _span(left: timedelta) -> str:
    """Write how long is left, as 1:05, -0:20 or 3d 04h."""
    minutes = abs(round(left / timedelta(minutes=1)))
    sign = "-" if left < timedelta() else ""
    if minutes >= 24 * 60:
        return f"{sign}{minutes // 1440}d {minutes % 1440 // 60:02}h"
    return f"{sign}{minutes // 60}:{minutes % 60:02}"
