"""Commands of handlers: looked for only when one is typed that is none of the desk's own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from faultdesk.adapters.sql.migrate import require_current
from faultdesk.cli.show import listing
from faultdesk.config import load_config
from faultdesk.errors import PermanentError
from faultdesk.handlers.host import Failure, Host
from faultdesk.pipeline.job_desk import JobDesk
from faultdesk.service.wiring import load_handlers, open_desk

_OF_A_TICKET = frozenset(
    [
        "answered",
        "arrived",
        "assign",
        "class",
        "classify",
        "client",
        "close",
        "entitle",
        "explain",
        "hold",
        "reopen",
        "resolve",
        "resume",
        "visit",
        "wait",
    ]
)


class Commands(TyperGroup):
    """The desk's own commands and, without loading a handler for any of them, those of handlers."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer keeps its click to itself
        """Take `ticket REF entitle …` for `entitle REF …`: so people go on who look at a ticket."""
        at = args.index("ticket") if "ticket" in args else len(args)
        if len(args) > at + 2 and args[at + 2] in _OF_A_TICKET:
            verb = "classify" if args[at + 2] == "class" else args[at + 2]
            args = [*args[:at], verb, args[at + 1], *args[at + 3 :]]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer keeps its click to itself
        """Find a command; a handler's with the configuration that was named before it."""
        own = super().get_command(ctx, cmd_name)
        config = ctx.params.get("config")
        if own is not None or not isinstance(config, Path) or not config.exists():
            return own
        command = handlers_commands(Host(load_handlers(load_config(config)))).get(cmd_name)
        if command is None:
            return None
        found = get_group(command)
        found.name = cmd_name
        found.context_settings = {**found.context_settings, "obj": Line(config, cmd_name)}
        return found


def handlers_commands(host: Host) -> dict[str, typer.Typer]:
    """Ask the handlers for their commands.

    Raises:
        PermanentError: One of them failed; it is named.
    """
    failures: list[Failure] = []
    commands = host.commands(failures.append)
    if failures:
        raise PermanentError(
            "; ".join(f"handlers.{name}: {hook}: {error!r}" for name, hook, error in failures)
        )
    return commands


class Line:
    """Implements `faultdesk.handlers.CommandLine`."""

    def __init__(self, config: Path, actor: str) -> None:
        self._config = config
        self._actor = actor

    @contextmanager
    def desk(self) -> Iterator[JobDesk]:
        """Open the desk; what is decided is committed when the block ends well."""
        opened = open_desk(load_config(self._config))
        try:
            require_current(opened.store.database)
            desk = JobDesk(opened.store, opened.ledger.identity, opened.clock)
            yield desk
            if desk.has_decided:
                with opened.store.write() as tx:
                    desk.write_down(tx, opened.changes, self._actor)
        finally:
            opened.store.database.close()

    def listing(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
        """Print rows: these columns as a table, or all of them as a JSON array."""
        listing(rows, columns, load_config(self._config).desk.time_zone, as_json=as_json)
