"""audit: the proof that nothing is missing."""

from typing import Annotated

import msgspec
import typer

from faultdesk.cli.context import configuration, database
from faultdesk.cli.show import AsJson, listing
from faultdesk.handlers.host import Host
from faultdesk.service.wiring import load_handlers, run_audit


def audit(
    context: typer.Context,
    online: Annotated[bool, typer.Option("--online/--offline", help="Look into every mailbox, too.")] = True,
    as_json: AsJson = False,
) -> None:
    """Prove that nothing is missing; else list what is, and exit with 1."""
    config = configuration(context)
    host = Host(load_handlers(config))
    with database(context) as opened:
        report = run_audit(config, opened, host, online=online)
    if report.findings or as_json:
        rows = [msgspec.structs.asdict(finding) for finding in report.findings]
        listing(rows, ("subject", "problem", "remedy"), config.desk.time_zone, as_json=as_json)
    if not as_json:
        typer.echo(report.summary)
    if report.findings:
        raise typer.Exit(1)
