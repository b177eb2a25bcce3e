"""From rows to clients: what several rows say of one adds up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from faultdesk.adapters.client_sheet.columns import COLUMNS, heading
from faultdesk.adapters.client_sheet.files import rows_of
from faultdesk.adapters.client_sheet.row import NOBODY, Row
from faultdesk.domain.client import Client, Project, folded
from faultdesk.domain.people import People
from faultdesk.errors import PermanentError


class Problem(NamedTuple):
    """What is wrong with a row; the first below the headings is row 2, as spreadsheets number them."""

    row: int
    text: str


class Sheet(NamedTuple):
    """The clients of a sheet, and the rows that are none."""

    clients: tuple[Client, ...]
    problems: tuple[Problem, ...]
    rows: Mapping[str, int] = {}
    """Where a contract stands, by its number, folded."""


def read_sheet(path: Path, free_mail_domains: frozenset[str], people: People = NOBODY) -> Sheet:
    """Read a sheet; a row with a problem is left out whole, with every problem it has.

    Engineers are named by address, or as they are called among `people`.

    Raises:
        PermanentError: It is no sheet, or lacks a heading without which no row can be read.
    """
    rows = iter(rows_of(path))
    headings = [heading(cell) for cell in next(rows, [])]
    if unknown := [name for name in headings if name and name not in COLUMNS]:
        raise PermanentError(f"{path}: no such heading: {', '.join(unknown)}; there are {', '.join(COLUMNS)}")
    if twice := {name for name in headings if name and headings.count(name) > 1}:
        raise PermanentError(f"{path}: the heading {min(twice)} stands twice")
    if "client" not in headings:
        raise PermanentError(
            f"{path}: no heading client or {COLUMNS['client']}; see `faultdesk clients template`"
        )
    problems: list[Problem] = []
    contracts: dict[str, int] = {}
    read: dict[str, list[tuple[int, Client]]] = {}
    for number, cells in enumerate(rows, 2):
        if any(cell not in (None, "") for cell in cells[len(headings) :]):
            problems.append(Problem(number, "has cells beyond the last heading"))
            continue
        named = zip(headings, cells, strict=False)
        found = Row(
            {name: cell for name, cell in named if name and cell not in (None, "")}, free_mail_domains, people
        )
        if found.is_empty:
            continue
        client = found.client()
        problems += [Problem(number, text) for text in found.problems]
        if client is None or found.problems:
            continue
        seen = _seen_before(client, number, contracts)
        problems += seen
        if not seen:
            read.setdefault(folded(client.name), []).append((number, client))
    return Sheet(tuple(_merged(rows, problems) for rows in read.values()), tuple(sorted(problems)), contracts)


def _seen_before(client: Client, row: int, contracts: dict[str, int]) -> list[Problem]:
    """Find the contracts of a row that stand in an earlier one, spelt this way or that."""
    problems = []
    for contract in (contract for project in client.projects for contract in project.contracts):
        earlier = contracts.setdefault(folded(contract.number), row)
        if earlier != row:
            problems.append(Problem(row, f"contract {contract.number}: stands in row {earlier}"))
    return problems


def _merged(rows: Sequence[tuple[int, Client]], problems: list[Problem]) -> Client:
    """Make one client of its rows: what several rows say of it adds up, of a contract only one may speak."""
    whole = rows[0][1]
    for number, row in rows[1:]:
        whole = msgspec.structs.replace(
            whole,
            **{
                name: tuple(dict.fromkeys((*getattr(whole, name), *getattr(row, name))))
                for name in ("aliases", "domains", "addresses", "numbers", "faxes")
            },
            projects=_with_project(whole.projects, row.projects, number, problems),
        )
    return whole


def _with_project(
    known: tuple[Project, ...], more: tuple[Project, ...], row: int, problems: list[Problem]
) -> tuple[Project, ...]:
    projects = {project.name: project for project in known}
    for project in more:
        before = projects.get(project.name)
        if before is None:
            projects[project.name] = project
            continue
        if project.branch and before.branch not in {"", project.branch}:
            problems.append(Problem(row, f"branch: {project.name} has {before.branch} in an earlier row"))
        projects[project.name] = msgspec.structs.replace(
            before,
            sites=tuple(dict.fromkeys((*before.sites, *project.sites))),
            branch=before.branch or project.branch,
            contracts=(*before.contracts, *project.contracts),
        )
    return tuple(projects.values())
