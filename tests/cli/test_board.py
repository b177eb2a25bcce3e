"""The board, in a terminal of 80 by 24."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from faultdesk.cli.board import Board, TicketScreen
from faultdesk.errors import DatabaseUnavailableError

Keys = Callable[[Pilot[None], Board], Awaitable[None]]


def row(number: int, minutes: float, subject: str = "监控黑屏", **more: object) -> dict[str, Any]:
    return {
        "is_waiting": False,
        "reference": f"FD-2026-{number:06}",
        "system": "cctv",
        "fault_class": "line",
        "engineer": "wang@faultdesk.example",
        "subject": subject,
        "due": datetime.now(UTC)
        + timedelta(minutes=minutes, seconds=28),  # rounded down for a minute to come
    } | more


def three() -> list[dict[str, Any]]:
    """Give one that is late, one that is near and one that has time, as of now."""
    return [
        row(3, -20),
        row(1, 45),
        row(2, 3000, "[red]门禁[/red]，三号楼东侧通道的读卡器刷卡没有反应"),
    ]


def play(keys: Keys, rows: Callable[[], list[dict[str, Any]]] = three) -> Board:
    board = Board(rows, lambda reference, width: f"{reference} whole, {width} columns [b]x", "Asia/Shanghai")

    async def played() -> None:
        async with board.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await keys(pilot, board)

    asyncio.run(played())
    return board


def cells(board: Board) -> list[list[str]]:
    table = board.query_one(DataTable)
    return [[str(cell) for cell in table.get_row_at(number)] for number in range(table.row_count)]


def test_it_shows_how_long_is_left_who_is_on_it_and_what_is_late() -> None:
    async def look(pilot: Pilot[None], board: Board) -> None:
        assert [shown[:4] for shown in cells(board)] == [
            ["-0:20", "FD-2026-000003", "cctv/line", "wang"],
            ["0:45", "FD-2026-000001", "cctv/line", "wang"],
            ["2d 02h", "FD-2026-000002", "cctv/line", "wang"],
        ]
        assert cells(board)[2][4].startswith("[red]门禁")
        assert "3 open, 1 late" in str(board.query_one("#head", Static).render())

    play(look)


def test_urgency_has_its_colour() -> None:
    async def look(pilot: Pilot[None], board: Board) -> None:
        table = board.query_one(DataTable)
        styles = [str(table.get_row_at(number)[0].style) for number in range(3)]
        assert styles == ["bold white on red", "black on yellow", "green"]

    play(look)


def test_enter_opens_a_ticket_and_escape_comes_back() -> None:
    async def look(pilot: Pilot[None], board: Board) -> None:
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(board.screen, TicketScreen)
        assert "FD-2026-000001 whole, 78 columns [b]x" in str(board.screen.query_one(Static).render())
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(board.screen, TicketScreen)

    play(look)


def test_what_is_read_anew_leaves_the_chosen_ticket_chosen() -> None:
    now = [three()]

    async def look(pilot: Pilot[None], board: Board) -> None:
        await pilot.press("down")
        now[0] = [row(9, -50), *now[0]]
        await pilot.press("r")
        await pilot.pause()
        assert board.query_one(DataTable).cursor_row == 2
        assert cells(board)[2][1] == "FD-2026-000001"

    play(look, lambda: now[0])


def test_an_empty_desk_is_no_failure_and_q_ends() -> None:
    async def look(pilot: Pilot[None], board: Board) -> None:
        await pilot.press("enter", "r", "q")

    assert play(look, list).return_code == 0


def test_what_waits_for_its_client_or_has_no_clock_is_there_behind_the_others() -> None:
    async def look(pilot: Pilot[None], board: Board) -> None:
        assert [shown[0] for shown in cells(board)] == ["0:45", "waits", "-"]
        assert "3 open, 0 late" in str(board.query_one("#head", Static).render())

    play(look, lambda: [row(1, 45), row(2, 0, due=None, is_waiting=True), row(3, 0, due=None)])


def test_a_database_that_is_away_leaves_the_board_as_it_was() -> None:
    away = [False]

    def rows() -> list[dict[str, Any]]:
        if away[0]:
            raise DatabaseUnavailableError("no route")
        return three()

    async def look(pilot: Pilot[None], board: Board) -> None:
        away[0] = True
        await pilot.press("r")
        await pilot.pause()
        assert len(cells(board)) == 3
        assert "not read anew: no route" in str(board.query_one("#head", Static).render())
        away[0] = False
        await pilot.press("r")
        await pilot.pause()
        assert "3 open" in str(board.query_one("#head", Static).render())

    play(look, rows)
