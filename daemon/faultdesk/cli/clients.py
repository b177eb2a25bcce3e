"""clients template, import, list, show, remove, export: whom the desk serves, and what each was promised."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from faultdesk.adapters.client_sheet import Problem, Sheet, read_sheet, shielded, write_rows
from faultdesk.adapters.sql.store import SqlTransaction
from faultdesk.cli.context import configuration, database, desk, reading
from faultdesk.cli.show import AsJson, console, listing, write_json
from faultdesk.domain.client import Client, Contract, KeyKind, Project, folded
from faultdesk.errors import NotFoundError, PermanentError
from faultdesk.handlers.host import Failure
from faultdesk.pipeline.entitling import entitled, judged_anew
from faultdesk.service.wiring import Desk

app = typer.Typer(
    name="clients", help="Whom the desk serves, and what each was promised.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(help="A sheet: .xlsx, or .csv in UTF-8 or GB 18030.")]
Name = Annotated[str, typer.Argument(help="The client's name as `clients list` gives it.")]
_AT_ONCE = 100
_EXAMPLE = Client(
    name="滨江物业管理有限公司",
    aliases=("滨江物业",),
    domains=("binjiang.example",),
    numbers=("+862087561234",),
    faxes=("+862087561235",),
    projects=(
        Project(
            name="滨江广场弱电工程",
            sites=("滨江广场",),
            branch="广州",
            contracts=(Contract(number="YH-2025-018"),),
        ),
    ),
)


@app.command()
def template(file: File) -> None:
    """Write a sheet with the headings and one client that does not exist."""
    _write(file, write_rows([_EXAMPLE]))


@app.command()
def export(context: typer.Context, file: File) -> None:
    """Write all clients to a sheet that `import` reads back."""
    with reading(context) as connection:
        clients = list(SqlTransaction(connection).clients.all())
    _write(file, write_rows(clients))
    typer.echo(f"clients written to {file}: {len(clients)}")


@app.command("import")
def import_(
    context: typer.Context,
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what is wrong.")] = False,
) -> None:
    """Read clients, projects and contracts from a sheet: all of it, or nothing if a row has a problem.

    A client that is there already is replaced by what the sheet says of it; others stay.
    """
    config = configuration(context)
    sheet = read_sheet(file, config.desk.free_mail_domains, config.people)
    with desk(context) as opened, opened.store.write() as transaction:
        calendars = opened.host.calendars_of_contracts(_raised)
        others = _contracts_of_others(transaction, sheet)
        problems = [*sheet.problems, *others, *_unknown_calendars(sheet, calendars)]
        if not problems and not dry_run:
            stored = transaction.clients.put(sheet.clients)
    for problem in problems:
        console().print(f"row {problem.row}: {problem.text}")
    if problems:
        raise PermanentError(f"{file}: nothing was imported; problems: {len(problems)}")
    if dry_run:
        typer.echo(f"clients that can be imported: {len(sheet.clients)}")
        return
    typer.echo(f"clients: {stored.added} added, {stored.changed} changed, {stored.same} as they were")
    with desk(context) as opened:
        typer.echo(f"open tickets judged otherwise now: {_judge_anew(opened)}")


@app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Take a client off the record, as one that has another name now; its tickets stay."""
    with desk(context) as opened, opened.store.write() as transaction:
        if not transaction.clients.remove(name):
            raise NotFoundError(f"no client {name}")
    typer.echo(f"{name} removed")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List clients with the numbers of their projects and contracts."""
    with database(context) as opened, opened.read() as connection:
        rows = [
            {
                "client": client.name,
                "projects": len(client.projects),
                "contracts": sum(len(project.contracts) for project in client.projects),
                "known_by": ", ".join((*client.domains, *client.addresses, *client.numbers, *client.faxes)),
            }
            for client in SqlTransaction(connection).clients.all()
        ]
    zone = configuration(context).desk.time_zone
    listing(rows, ("client", "projects", "contracts", "known_by"), zone, as_json=as_json)


@app.command()
def show(
    context: typer.Context,
    name: Name,
    as_json: AsJson = False,
) -> None:
    """Show a client whole."""
    with reading(context) as connection:
        clients = SqlTransaction(connection).clients
        called = clients.known_by(KeyKind.NAME, folded(name))
        client = clients.named(name) or (called[0] if len(called) == 1 else None)
    if client is None:
        raise NotFoundError(f"no client {name}")
    if as_json:
        write_json([client])
        return
    rows = list(write_rows([client]))
    out = console()
    for row in rows[1:]:
        for heading, cell in zip(rows[0], row, strict=True):
            if cell:
                out.print(f"{heading}: {cell}")
        out.print()


def _judge_anew(opened: Desk) -> int:
    """Let open tickets have what their contracts say now; what a person said of one stands.

    A few in each transaction: mail is decided meanwhile. Broken off, the next import goes through all of them again.
    """
    with opened.store.read() as transaction:
        left = list(transaction.tickets.open_ones())
    count = 0
    while left:
        with opened.store.write() as transaction:
            for number in left[:_AT_ONCE]:
                verdict = judged_anew(transaction, transaction.tickets.lock(number), opened.changes.desk)
                for event in entitled(verdict):
                    opened.changes.change(transaction, number, event)
                    count += 1
        del left[:_AT_ONCE]
    return count


def _contracts_of_others(transaction: SqlTransaction, sheet: Sheet) -> list[Problem]:
    """Find the contracts of the sheet that belong to a client on record whom the sheet does not name."""
    replaced = {client.name for client in sheet.clients}
    problems = []
    for client in sheet.clients:
        for kind, key in client.known_by():
            if kind is not KeyKind.CONTRACT:
                continue
            known = (one.name for one in transaction.clients.known_by(kind, key))
            # What the sheet itself says of another client takes the place of what is on record.
            problems += [
                Problem(sheet.rows[key], f"contract {key} of {client.name}: is {other}'s already")
                for other in known
                if other not in replaced
            ]
    return problems


def _unknown_calendars(sheet: Sheet, known: frozenset[str]) -> list[Problem]:
    """Find the contracts that are counted by a calendar nobody has; "" is the usual one."""
    contracts = (
        contract for client in sheet.clients for project in client.projects for contract in project.contracts
    )
    there = ", ".join(sorted(known)) or "none: [handlers.sla] counts them"
    return [
        Problem(
            sheet.rows[folded(contract.number)],
            f"contract {contract.number}: no calendar {contract.calendar}; there are {there}",
        )
        for contract in contracts
        if contract.calendar and contract.calendar not in known
    ]


def _raised(failure: Failure) -> None:
    raise failure.error


def _write(file: Path, rows: Iterable[Sequence[str]]) -> None:
    if file.exists():
        raise PermanentError(f"{file} is there already")
    try:
        if file.suffix.lower() == ".xlsx":
            from openpyxl import Workbook  # noqa: PLC0415  as in reading one

            book = Workbook()
            sheet = book.create_sheet("clients", 0)
            for number, row in enumerate(rows, 1):
                for column, text in enumerate(row, 1):
                    # Text, whatever it looks like.
                    sheet.cell(number, column, text).data_type = "s"
            book.save(file)
            return
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            csv.writer(out).writerows([shielded(text) for text in row] for row in rows)
    except OSError as error:
        raise PermanentError(f"{file}: {error.strerror}") from error
