"""From rows to clients: what several rows say of one adds up."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from faultdesk.adapters.client_sheet.columns import COLUMNS, heading
from faultdesk.adapters.client_sheet.files import rows_of
from faultdesk.adapters.client_sheet.row import Row
from faultdesk.domain.client import Client, Project
from faultdesk.errors import PermanentError


class Problem(NamedTuple):
    """What is wrong with a row; the first below the headings is row 2, as spreadsheets number them."""

    row: int
    text: str


class Sheet(NamedTuple):
    """The clients of a sheet, and the rows that are none."""

    clients: tuple[Client, ...]
    problems: tuple[Problem, ...]


def read_sheet(path: Path, free_mail_domains: frozenset[str]) -> Sheet:
    """Read a sheet; a row with a problem is left out whole, with every problem it has.

    Raises:
        PermanentError: It is no sheet, or lacks a heading without which no row can be read.
    """
    rows = iter(rows_of(path))
    headings = [heading(cell) for cell in next(rows, [])]
    if unknown := [name for name in headings if name and name not in COLUMNS]:
        raise PermanentError(f"{path}: no such heading: {', '.join(unknown)}")
    if "client" not in headings:
        raise PermanentError(
            f"{path}: no heading client or {COLUMNS['client']}; see `faultdesk clients template`"
        )
    problems: list[Problem] = []
    read: dict[str, list[tuple[int, Client]]] = {}
    for number, cells in enumerate(rows, 2):
        row = {
            name: cell for name, cell in zip(headings, cells, strict=False) if name and cell not in (None, "")
        }
        if not row:
            continue
        found = Row(row, free_mail_domains)
        client = found.client()
        problems += [Problem(number, text) for text in found.problems]
        if client is not None and not found.problems:
            read.setdefault(client.name, []).append((number, client))
    return Sheet(tuple(_merged(rows, problems) for rows in read.values()), tuple(sorted(problems)))


def _merged(rows: Sequence[tuple[int, Client]], problems: list[Problem]) -> Client:
    """Make one client of its rows: what several rows say of it adds up, of a contract only one may speak."""
    whole = rows[0][1]
    for number, row in rows[1:]:
        whole = msgspec.structs.replace(
            whole,
            **{
                name: tuple(dict.fromkeys((*getattr(whole, name), *getattr(row, name))))
                for name in ("aliases", "domains", "addresses", "numbers")
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
        numbers = {contract.number for contract in before.contracts}
        twice = [contract.number for contract in project.contracts if contract.number in numbers]
        problems += [Problem(row, f"contract {number}: stands in an earlier row") for number in twice]
        projects[project.name] = msgspec.structs.replace(
            before,
            sites=tuple(dict.fromkeys((*before.sites, *project.sites))),
            branch=before.branch or project.branch,
            contracts=(*before.contracts, *(one for one in project.contracts if one.number not in numbers)),
        )
    return tuple(projects.values())
