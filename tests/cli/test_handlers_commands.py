"""Commands that handlers give, and that nobody else pays for."""

import json
from pathlib import Path

import pytest

from cli.test_commands import run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    run("init", tmp_path / "desk")
    file = tmp_path / "desk" / "faultdesk.toml"
    run("--config", file, "migrate")
    return file


def test_a_handlers_command_works_like_one_of_the_desks_own(config: Path) -> None:
    rows = json.loads(run("--config", config, "classifier", "report", "--json"))

    assert [(row["what"], row["name"], row["count"]) for row in rows] == [
        ("model", "bundled", None),
        ("corrections", "learned from", 0),
    ]
    assert "there is nothing to go back from" in run("--config", config, "classifier", "rollback", expect=1)
    assert "10 are needed" in run("--config", config, "classifier", "train")
    assert "classifier" in run("--config", config, "handlers")


def test_who_does_not_learn_cannot_be_told_to(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("[handlers.classify]", "[handlers.classify]\nlearn = false"), encoding="utf-8"
    )

    assert "has learn = false" in run("--config", config, "classifier", "train", expect=1)


def test_no_handler_is_loaded_for_help_nor_for_the_desks_own_commands(config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8") + "[handlers.weather]\n", encoding="utf-8")

    assert "commands of their own" in run("--config", config, "--help")
    assert json.loads(run("--config", config, "tickets", "--json")) == []
    assert "handlers.weather: not installed" in run("--config", config, "classifier", "report", expect=78)


def test_a_command_that_nobody_has_is_named(config: Path) -> None:
    assert "No such command 'weather'" in run("--config", config, "weather", expect=2)
