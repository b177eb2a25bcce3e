"""Whom the desk serves: clients, their projects and the contracts of these, and by what each is known."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum

import msgspec

LONGEST_SPAN = timedelta(days=366)
_SIGNS = re.compile(r"[\W_]+")


class KeyKind(StrEnum):
    """By what a client, a project or a contract is known."""

    ADDRESS = "address"
    DOMAIN = "domain"
    NUMBER = "number"
    """Of a telephone or fax, E.164; an extension follows as "x12"."""
    NAME = "name"
    """Of a client, a project or a site, folded."""
    CONTRACT = "contract"
    """A contract's number, folded."""


class Period(msgspec.Struct, frozen=True):
    """From a day to a day, both of them in it; None has no end that way."""

    begin: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if self.begin and self.end and self.begin > self.end:
            raise ValueError(f"ends on {self.end}, before it begins on {self.begin}")

    def covers(self, day: date) -> bool:
        """Tell whether a day lies in it."""
        return (self.begin is None or self.begin <= day) and (self.end is None or day <= self.end)


class AgreedSpans(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a contract says of one severity; None leaves the usual span."""

    respond_within: timedelta | None = None
    on_site_within: timedelta | None = None


class Contract(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was agreed for a project."""

    number: str
    warranty: Period | None = None
    """保修期."""
    maintenance: Period | None = None
    """Of the maintenance contract (维保合同)."""
    covered: str = ""
    spans: Mapping[str, AgreedSpans] = {}
    """By severity; "all" for those that are not named."""
    calendar: str = ""
    engineer: str = ""
    """Who is named for the trial operation (P18), by address."""
    engineer_during: Period | None = None


class Project(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was built for a client, and where."""

    name: str
    sites: tuple[str, ...] = ()
    branch: str = ""
    """Of ours, that looks after it."""
    contracts: tuple[Contract, ...] = ()


class Client(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An owner (项目单位) and by what it is known."""

    name: str
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    """Of its telephones, and what nobody says is a fax machine."""
    faxes: tuple[str, ...] = ()
    """Numbers that may be sent a fax."""
    projects: tuple[Project, ...] = ()

    def known_by(self) -> Iterator[tuple[KeyKind, str]]:
        """List by what it is known."""
        yield from ((KeyKind.ADDRESS, address) for address in self.addresses)
        yield from ((KeyKind.DOMAIN, domain) for domain in self.domains)
        for number in (*self.numbers, *self.faxes):
            # A fax names no extension.
            yield from ((KeyKind.NUMBER, known) for known in {number, number.partition("x")[0]})
        yield from ((KeyKind.NAME, folded(name)) for name in (self.name, *self.aliases))
        for project in self.projects:
            yield from ((KeyKind.NAME, folded(name)) for name in (project.name, *project.sites))
            yield from ((KeyKind.CONTRACT, folded(contract.number)) for contract in project.contracts)


class Basis(StrEnum):
    """Why the desk serves."""

    WARRANTY = "in_warranty"
    MAINTENANCE = "maintenance_contract"
    LAPSED = "lapsed"
    UNKNOWN = "unknown"


class Charge(StrEnum):
    """Who pays."""

    FREE = "free"
    CONTRACT = "under_contract"
    AT_COST = "at_cost"
    QUOTATION = "quotation_needed"


class Entitlement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict on a ticket."""

    basis: Basis
    charge: Charge
    client: str = ""
    project: str = ""
    branch: str = ""
    contract: str = ""
    evidence: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    """What nobody could know and a person should look at."""
    spans: Mapping[str, AgreedSpans] = {}
    calendar: str = ""
    engineer: str = ""
    """Named by the contract for these days."""


def folded(name: str) -> str:
    """Fold a name or a contract's number: case, width, blanks and signs tell no two apart."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", name).casefold())
