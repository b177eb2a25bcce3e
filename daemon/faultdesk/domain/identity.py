"""Who the desk is, to its clients and to its own people."""

import re

import msgspec

from faultdesk.domain.message import Address

_ADDR_SPEC = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)


def is_deliverable(address: str) -> bool:
    """Tell whether this is an addr-spec (RFC 5321 section 4.1.2, without quoted strings) in ASCII."""
    return _ADDR_SPEC.fullmatch(address) is not None and ".." not in address


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's name, addresses and clock face."""

    name: str
    address: str
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
    hourly_cap: int = 20
    """Automatic mails an hour to one client's address; more are withheld."""
    hourly_domain_cap: int = 200
    """The same for all addresses of a domain together, free mail apart."""

    @property
    def mailbox(self) -> Address:
        """The desk's From."""
        return Address(self.address, self.name)

    def is_colleague(self, person: Address) -> bool:
        """Tell whether this claims to be one of the desk's own people."""
        ours = self.colleagues or frozenset({self.domain}) - self.free_mail_domains
        return not ours.isdisjoint({person.address, person.domain} - {""})

    @property
    def domain(self) -> str:
        """The domain of our Message-IDs."""
        return self.mailbox.domain
