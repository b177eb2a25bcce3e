"""Who the desk is, to its clients and to its own people."""

import re
from collections.abc import Mapping

import msgspec

from faultdesk.domain.message import Address
from faultdesk.domain.people import People
from faultdesk.domain.playbook import Playbook
from faultdesk.domain.ticket import FaultClass, Kind, Ticket

_ADDR_SPEC = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)


def is_deliverable(address: str) -> bool:
    """Tell whether this is an addr-spec (RFC 5321 section 4.1.2, without quoted strings) in ASCII.

    None ends in .invalid: so are called who can never be written to (RFC 2606 section 2).
    """
    is_addr_spec = _ADDR_SPEC.fullmatch(address) is not None and ".." not in address
    return is_addr_spec and not address.lower().endswith(".invalid")


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's name, addresses and clock face."""

    name: str
    address: str
    fax: str = ""
    """Our fax number, as clients shall dial it."""
    phone: str = ""
    """The same for the telephone."""
    time_zone: str = "Asia/Shanghai"
    envelope_from: str = ""
    """The reverse-path of automatic mail; "" is the null one (RFC 3834 section 3.3)."""
    plus_addressing: bool = False
    alerts: tuple[str, ...] = ()
    """Who is told when something is set aside or cannot be sent."""
    free_mail_domains: frozenset[str] = frozenset()
    """Domains whose users have nothing in common: they never identify a client."""
    authserv_ids: frozenset[str] = frozenset()
    """How our own mail servers sign their Authentication-Results (RFC 8601 section 2.2), lower case."""
    colleagues: frozenset[str] = frozenset()
    """Addresses and domains of the desk's own people, lower case; none is the domain of `address`."""
    people: People = People()
    """Engineers, leads and managers by name."""
    playbooks: Mapping[FaultClass, Playbook] = {}
    form_senders: frozenset[str] = frozenset()
    """Addresses, lower case, of the hotline's notes and the website's forms, which open tickets for whom they name."""
    hourly_cap: int = 20
    """Automatic mails an hour to one client's address; more are withheld."""
    hourly_ticket_cap: int = 10
    """The same for one ticket, whatever address it goes to."""
    hourly_domain_cap: int = 200
    """The same for all addresses of a domain together, free mail apart."""

    def playbook_of(self, ticket: Ticket) -> Playbook | None:
        """Find what was prepared for a fault of this class; None for what is no fault."""
        about = ticket.classification
        if about.kind is not Kind.FAULT:
            return None
        return self.playbooks.get(about.fault_class or FaultClass.UNKNOWN)

    @property
    def mailbox(self) -> Address:
        """The desk's From."""
        return Address(self.address, self.name)

    def is_colleague(self, person: Address) -> bool:
        """Tell whether this claims to be one of the desk's own people."""
        ours = self.colleagues or frozenset({self.domain}) - self.free_mail_domains
        return self.people.at(person.address) is not None or not ours.isdisjoint(
            {person.address, person.domain} - {""}
        )

    @property
    def domain(self) -> str:
        """The domain of our Message-IDs."""
        return self.mailbox.domain
