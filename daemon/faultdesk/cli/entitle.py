"""entitle: what a person says a ticket's client is owed."""

from typing import Annotated

import msgspec
import typer

from faultdesk.cli.context import desk
from faultdesk.cli.tickets import Reference, said, ticket_to_change
from faultdesk.domain.client import Basis, Charge, Entitlement
from faultdesk.domain.entitlement import ENTITLED
from faultdesk.domain.ticket import Event
from faultdesk.errors import PermanentError
from faultdesk.pipeline.entitling import entitled_by


def entitle(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    reference: Reference,
    because: Annotated[str, typer.Option(help="On what evidence.", callback=said)],
    basis: Annotated[
        Basis | None, typer.Argument(help="Why the desk serves; by default as the contract says.")
    ] = None,
    charge: Annotated[Charge | None, typer.Argument(help="Who pays.")] = None,
    contract: Annotated[str, typer.Option(help="Whose spans, calendar and engineer hold: its number.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Though the contract is another client's.")] = False,
    by: Annotated[str, typer.Option(help="Who says so, for the ticket's log.")] = "operator",
) -> None:
    """Say what the client of a ticket is owed: BASIS and CHARGE, or a contract. No import of contracts changes it."""
    if (basis is None or charge is None) and not contract:
        raise PermanentError("say BASIS and CHARGE, or --contract NUMBER")
    with desk(context) as opened, opened.store.write() as transaction:
        found = ticket_to_change(transaction, reference)
        known = found.entitlement or Entitlement(basis=Basis.UNKNOWN, charge=Charge.QUOTATION)
        if contract:
            before, known = known, entitled_by(transaction, found, opened.changes.desk, contract, because)
            if before.client not in {"", known.client} and not force:
                raise PermanentError(
                    f"contract {contract} is {known.client}'s, {found.reference} is {before.client}'s; if so: --force"
                )
        verdict = msgspec.structs.replace(
            known,
            basis=basis or known.basis,
            charge=charge or known.charge,
            evidence=(because,),
            doubts=() if charge else known.doubts,
        )
        opened.changes.change(transaction, found.id, Event(ENTITLED, msgspec.to_builtins(verdict), actor=by))
    whose = f", contract {verdict.contract}" if verdict.contract else ""
    typer.echo(f"{found.reference}: {verdict.basis}, {verdict.charge}{whose}")
