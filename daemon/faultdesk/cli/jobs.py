"""jobs list, show, retry, drop: what must happen, and what could not."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from faultdesk.adapters.sql import listings, mending
from faultdesk.cli.context import configuration, database, reading
from faultdesk.cli.show import AsJson, Limit, details, listing
from faultdesk.errors import PermanentError
from faultdesk.pipeline.work import JobState

app = typer.Typer(name="jobs", help="What must happen, and what could not.", no_args_is_help=True)

JobNumber = Annotated[int, typer.Argument(help="The job's number.")]


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[JobState | None, typer.Option(help="Only these.")] = None,
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """List jobs by the time they come due."""
    zone = configuration(context).desk.time_zone
    with reading(context) as connection:
        rows = listings.job_rows(connection, state, limit)
    listing(rows, ("id", "kind", "ticket", "state", "run_at", "tries", "name"), zone, as_json=as_json)


@app.command()
def show(context: typer.Context, job: JobNumber, as_json: AsJson = False) -> None:
    """Show a job with its arguments and the traceback of its last attempt."""
    zone = configuration(context).desk.time_zone
    with reading(context) as connection:
        row = listings.job_row(connection, job)
    details(row, zone, as_json=as_json)


@app.command()
def retry(
    context: typer.Context,
    jobs: Annotated[list[int] | None, typer.Argument(help="The jobs' numbers.")] = None,
    parked: Annotated[bool, typer.Option("--parked", help="Every parked job.")] = False,
) -> None:
    """Let parked or waiting jobs run now, with all their attempts before them."""
    now = datetime.now(UTC)
    with database(context) as opened, opened.write() as connection:
        count = mending.retry_parked(connection, now) if parked else 0
        for job in jobs or ():
            listings.job_row(connection, job)
            if not mending.retry_job(connection, job, now):
                raise PermanentError(f"job {job} is being performed")
            count += 1
    typer.echo(f"{count} jobs run at the daemon's next tick")


@app.command()
def drop(context: typer.Context, job: JobNumber) -> None:
    """Take a parked or waiting job out of the ledger: it will not happen."""
    with database(context) as opened, opened.write() as connection:
        listings.job_row(connection, job)
        if not mending.drop_job(connection, job):
            raise PermanentError(f"job {job} is being performed")
    typer.echo(f"job {job} dropped")
