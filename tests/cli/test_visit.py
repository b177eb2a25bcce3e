"""arrived, wait, resume, reopen and explain, as an operator types them."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.test_commands import config, drained, rows, run  # noqa: F401 - fixtures


@pytest.fixture
def desk(drained: Path) -> tuple[Path, str]:  # noqa: F811
    return drained, rows(drained, "tickets")[0]["reference"]


def clock(desk: tuple[Path, str], name: str) -> dict[str, object]:
    file, reference = desk
    return [row for row in rows(file, "explain", reference) if row["clock"] == name][-1]


def local(shift: timedelta) -> str:
    return (datetime.now(ZoneInfo("Asia/Shanghai")) + shift).strftime("%Y-%m-%dT%H:%M")


def test_an_arrival_stops_the_clocks_when_it_was(desk: tuple[Path, str]) -> None:
    file, reference = desk

    assert "on site" in run("--config", file, "arrived", reference)

    assert clock(desk, "response")["state"] == clock(desk, "on_site")["state"] == "kept"
    assert "arrived" in str(clock(desk, "on_site")["why"])


@pytest.mark.parametrize("shift", [timedelta(hours=1), timedelta(days=-1)])
def test_an_arrival_before_the_notice_or_in_the_future_is_refused(
    desk: tuple[Path, str], shift: timedelta
) -> None:
    file, reference = desk

    said = run("--config", file, "arrived", reference, "--at", local(shift), expect=1)

    assert "must lie between the notice" in said
    assert clock(desk, "on_site")["state"] == "running"


def test_waiting_lets_the_visit_stand_still_and_not_the_response(desk: tuple[Path, str]) -> None:
    file, reference = desk

    run("--config", file, "wait", reference, "the key to the roof")

    assert clock(desk, "on_site")["state"] == "paused"
    assert clock(desk, "response")["state"] == "running"
    shown = run("--config", file, "explain", reference)
    assert "waiting for the client: the key to the roof" in shown
    assert "waits for the client already" in run("--config", file, "wait", reference, "more", expect=1)

    run("--config", file, "resume", reference)
    assert clock(desk, "on_site")["state"] == "running"
    assert "does not wait" in run("--config", file, "resume", reference, expect=1)


def test_a_fault_that_is_back_is_opened_again_with_a_new_clock(desk: tuple[Path, str]) -> None:
    file, reference = desk
    assert "is open" in run("--config", file, "reopen", reference, "dark again", expect=1)
    done = ["--cause", "plug", "--method", "new plug", "--recovered-at", local(timedelta())]
    run("--config", file, "resolve", reference, *done)
    assert "is resolved" in run("--config", file, "wait", reference, "x", expect=1)

    run("--config", file, "reopen", reference, "dark again")

    assert rows(file, "tickets")[0]["status"] == "new"
    visits = [row["state"] for row in rows(file, "explain", reference) if row["clock"] == "on_site"]
    assert visits == ["kept", "running"]
    assert clock(desk, "response")["state"] == "kept"


def test_a_call_is_noted_and_answers(desk: tuple[Path, str]) -> None:
    file, reference = desk

    assert "answered" in run("--config", file, "answered", reference)

    assert clock(desk, "response")["state"] == "kept"
    assert clock(desk, "on_site")["state"] == "running"


def test_a_time_is_told_as_people_write_it(desk: tuple[Path, str]) -> None:
    file, reference = desk
    now = datetime.now(ZoneInfo("Asia/Shanghai"))

    assert "on site" in run("--config", file, "arrived", reference, "--at", f"{now:%H:%M}")
    assert "not a time as in 14:30" in run("--config", file, "arrived", reference, "--at", "soon", expect=1)


def test_a_visit_that_is_promised_already_is_refused(desk: tuple[Path, str]) -> None:
    file, reference = desk

    assert "runs already" in run("--config", file, "visit", reference, expect=1)


@pytest.mark.parametrize("within", ["30h", "1800 min", "PT30H"])
def test_deadlines_within_a_span_are_listed(desk: tuple[Path, str], within: str) -> None:
    file, reference = desk

    assert [row["reference"] for row in rows(file, "tickets", "--due-within", within)] == [reference]
    assert "not a span" in run("--config", file, "tickets", "--due-within", "soon", expect=1)
