"""entitle: what a person says a ticket's client is owed."""

from typing import Annotated

import msgspec
import typer

from faultdesk.cli.context import desk
from faultdesk.cli.tickets import Reference, find_ticket
from faultdesk.domain.client import Basis, Charge, Entitlement
from faultdesk.domain.entitlement import ENTITLED
from faultdesk.domain.ticket import Event


def entitle(
    context: typer.Context,
    reference: Reference,
    basis: Annotated[Basis, typer.Argument(help="Why the desk serves.")],
    charge: Annotated[Charge, typer.Argument(help="Who pays.")],
    because: Annotated[str, typer.Option(help="On what evidence.")],
    by: Annotated[str, typer.Option(help="Who says so, for the ticket's log.")] = "operator",
) -> None:
    """Say what the client of a ticket is owed; no import of contracts changes it."""
    with desk(context) as opened, opened.store.write() as transaction:
        found = find_ticket(transaction, reference)
        known = found.entitlement or Entitlement(basis=basis, charge=charge)
        verdict = msgspec.structs.replace(known, basis=basis, charge=charge, evidence=(because,), doubts=())
        opened.changes.change(transaction, found.id, Event(ENTITLED, msgspec.to_builtins(verdict), actor=by))
    typer.echo(f"{found.reference}: {basis}, {charge}")
