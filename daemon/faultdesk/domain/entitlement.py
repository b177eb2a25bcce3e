"""What a client is owed and who pays (P9): from its contracts on the day of the notice, with the evidence."""

import re
from collections.abc import Sequence
from datetime import date

import msgspec

from faultdesk.domain.client import Basis, Charge, Client, Contract, Entitlement, Project, folded
from faultdesk.domain.fold import simplified
from faultdesk.domain.ticket import Event, FaultClass

ENTITLED = "entitled"
ON_RECORD = "answered_on_record"
"""The event of a notice that is answered to a number or address (`to`) of the table of clients: the desk's own choice."""
"""The event; its data are an `Entitlement`."""


_OUTSIDE = re.compile(
    r"[被遭][^，。,.\n]{0,8}(?:撞|砸|剪|挖|撬|压|踩|刮|扯|拉|碰|弄|摔|烧|淹|偷|破坏)[^，。,.\n]{0,2}|(?:撞|砸|剪|挖|撬|压|踩|刮|扯)(?:断|坏|烂|倒|裂|歪)"
    r"|人为(?:损坏|破坏)|(?:进|泡|渗)了?水|水淹|雷击|遭雷|被雷|打雷后|着火|火灾"
    r"|\b(?:hit|struck|knocked|crushed|cut|flooded|damaged|broken) by\b[^.,;\n]{0,30}|\b(?:lightning|flood(?:ed|ing)?|vandal\w{0,4}|crashed into|dug up|fire damage)\b",
    re.IGNORECASE,
)
"""What tells of damage from outside. Whether somebody has to answer for it a person decides."""
_SHORTEST_NAME = 2
"""Characters of a project's name that is looked for within other words."""
_VALID = frozenset({Basis.WARRANTY, Basis.MAINTENANCE})
_CHARGES = {
    Basis.WARRANTY: Charge.FREE,
    Basis.MAINTENANCE: Charge.CONTRACT,
    Basis.LAPSED: Charge.QUOTATION,
    Basis.UNKNOWN: Charge.QUOTATION,
}


class Known(msgspec.Struct, frozen=True):
    """A client that a ticket may be of, and by what it was known."""

    client: Client
    by: str


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What the ticket's text names."""

    contract: str = ""
    places: tuple[str, ...] = ()
    """Projects, sites and customers."""
    words: tuple[str, ...] = ()
    """What may hold the name of a project: the subject, and where it is."""
    fault_class: FaultClass | None = None
    text: str = ""
    """What the client wrote."""


def entitle(senders: Sequence[Known], texts: Sequence[Known], named: Named, on: date) -> Entitlement:
    """Judge. Who sent it says whose it is; what the text names says for which project, and whose where no sender does."""
    clients = {one.client.name: one.client for one in senders or texts}
    evidence = tuple(dict.fromkeys(one.by for one in (*senders, *texts)))
    if len(clients) != 1:
        doubt = f"several clients are known by this: {', '.join(sorted(clients))}" if clients else ""
        if not clients and named.contract:
            doubt = f"contract {named.contract} is not on record"
        return Entitlement(
            basis=Basis.UNKNOWN,
            charge=Charge.QUOTATION,
            evidence=evidence,
            doubts=(doubt,) if doubt else (),
        )
    (client,) = clients.values()
    others = sorted({one.client.name for one in texts} - {client.name})
    doubts = [f"the text names what belongs to {other}" for other in others]
    if not senders:
        doubts.append("only the text says whose it is: the sender is not on record")
    project = _project(client, named, doubts)
    contracts = _contracts(client, project, named, doubts)
    basis, chosen = _basis(contracts, on, doubts)
    if basis is Basis.WARRANTY and (damage := _OUTSIDE.search(simplified(named.text))):
        doubts.append(f"damage from outside, which a warranty may not cover: {damage[0]}")
    # What has ended promises nothing: its client is served as a stranger is.
    holds = chosen if basis in _VALID else None
    return Entitlement(
        basis=basis,
        charge=_charge(basis, named),
        client=client.name,
        project=project.name if project else "",
        branch=project.branch if project else "",
        contract=chosen.number if chosen else "",
        evidence=evidence,
        doubts=tuple(doubts),
        spans=holds.spans if holds else {},
        calendar=holds.calendar if holds else "",
        engineer=holds.engineer if holds and _is_named(holds, on) else "",
    )


def _charge(basis: Basis, named: Named) -> Charge:
    """Take cost price for what the client did itself, in warranty."""
    misused = basis is Basis.WARRANTY and named.fault_class is FaultClass.MISOPERATION
    return Charge.AT_COST if misused else _CHARGES[basis]


def _project(client: Client, named: Named, doubts: list[str]) -> Project | None:
    number = folded(named.contract)
    for project in client.projects:
        if number and any(folded(contract.number) == number for contract in project.contracts):
            return project
    found = _meant(client, named) or client.projects
    if len(found) > 1:
        doubts.append(f"which of its projects: {', '.join(project.name for project in found)}")
    return found[0] if len(found) == 1 else None


def _meant(client: Client, named: Named) -> list[Project]:
    """Find the projects whose name, or a site's, is told; not those of a name within a longer one: 门诊楼, 门诊楼二期."""
    told = [folded(words) for words in (*named.places, *named.words)]
    names = {one.name: [folded(name) for name in (one.name, *one.sites)] for one in client.projects}
    held = {
        name
        for each in names.values()
        for name in each
        if len(name) >= _SHORTEST_NAME and any(name in words for words in told)
    }
    longest = {name for name in held if not any(name != other and name in other for other in held)}
    return [one for one in client.projects if not longest.isdisjoint(names[one.name])]


def _contracts(client: Client, project: Project | None, named: Named, doubts: list[str]) -> list[Contract]:
    among = project.contracts if project else [one for each in client.projects for one in each.contracts]
    if not named.contract:
        return list(among)
    told = [contract for contract in among if folded(contract.number) == folded(named.contract)]
    if not told:
        doubts.append(f"contract {named.contract} is none of its")
    return told or list(among)


def _basis(contracts: Sequence[Contract], on: date, doubts: list[str]) -> tuple[Basis, Contract | None]:
    """Find on what basis it is served that day, and by which contract; where contracts differ nobody knows."""
    by_basis: dict[Basis, list[Contract]] = {}
    for contract in contracts:
        by_basis.setdefault(_basis_of(contract, on), []).append(contract)
    valid = {basis: found for basis, found in by_basis.items() if basis in _VALID} or by_basis
    if not valid:
        doubts.append("no contract is on record")
        return Basis.UNKNOWN, None
    undated = [contract.number for contract in valid.get(Basis.UNKNOWN, ())]
    if undated:
        doubts.append(f"neither runs nor has ended on that day: {', '.join(undated)}")
    if len(valid) > 1:
        numbers = ", ".join(contract.number for found in valid.values() for contract in found)
        doubts.append(f"several contracts match: {numbers}")
        return Basis.UNKNOWN, None
    ((basis, found),) = valid.items()
    if len(found) > 1:
        doubts.append(f"several contracts match: {', '.join(contract.number for contract in found)}")
    return basis, found[0] if len(found) == 1 else None


def _basis_of(contract: Contract, on: date) -> Basis:
    if contract.warranty and contract.warranty.covers(on):
        return Basis.WARRANTY
    if contract.maintenance and contract.maintenance.covers(on):
        return Basis.MAINTENANCE
    periods = [period for period in (contract.warranty, contract.maintenance) if period]
    return Basis.LAPSED if any(period.end and period.end < on for period in periods) else Basis.UNKNOWN


def _is_named(contract: Contract, on: date) -> bool:
    return bool(contract.engineer) and (
        contract.engineer_during is None or contract.engineer_during.covers(on)
    )


def entitlement_in(events: Sequence[Event]) -> Entitlement | None:
    """Find the verdict that holds: the last; None where nobody judged."""
    last = next((event for event in reversed(events) if event.kind == ENTITLED), None)
    return msgspec.convert(last.data, Entitlement) if last else None
