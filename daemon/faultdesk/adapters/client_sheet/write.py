"""From clients to rows: what is read back is the same."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from faultdesk.adapters.client_sheet.columns import COLUMNS, PREFIXES
from faultdesk.domain.client import AgreedSpans, Client, Contract


def write_rows(clients: Iterable[Client]) -> Iterator[list[str]]:
    """Give a sheet's rows, the headings first: what is read back is the same."""
    yield [f"{name} {chinese}" for name, chinese in COLUMNS.items()]
    for client in clients:
        own = {
            "client": client.name,
            "aliases": "; ".join(client.aliases),
            "domains": "; ".join(client.domains),
            "addresses": "; ".join(client.addresses),
            "numbers": "; ".join(client.numbers),
            "faxes": "; ".join(client.faxes),
        }
        for project in client.projects or (None,):
            built = (
                {"project": project.name, "sites": "; ".join(project.sites), "branch": project.branch}
                if project
                else {}
            )
            for contract in (project.contracts if project else ()) or (None,):
                row = own | built | (_contract_cells(contract) if contract else {})
                yield [row.get(name, "") for name in COLUMNS]


def _contract_cells(contract: Contract) -> dict[str, str]:
    cells = {"contract": contract.number, "covered": contract.covered, "calendar": contract.calendar}
    cells["engineer"] = contract.engineer
    periods = {
        "warranty": contract.warranty,
        "maintenance": contract.maintenance,
        "engineer": contract.engineer_during,
    }
    for name, period in periods.items():
        if period is not None:
            cells[f"{name}_from"] = period.begin.isoformat() if period.begin else ""
            cells[f"{name}_to"] = period.end.isoformat() if period.end else ""
    for severity, prefix in PREFIXES.items():
        spans = contract.spans.get(severity, AgreedSpans())
        cells[f"{prefix}respond_within"] = _span_cell(spans.respond_within)
        cells[f"{prefix}on_site_within"] = _span_cell(spans.on_site_within)
    return cells


def _span_cell(span: timedelta | None) -> str:
    if span is None:
        return ""
    seconds = round(span.total_seconds())
    divisor, unit = next(one for one in ((3600, "h"), (60, "min"), (1, "s")) if seconds % one[0] == 0)
    return f"{seconds // divisor} {unit}"
