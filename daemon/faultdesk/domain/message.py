"""A client's message as the desk understands it."""

from datetime import datetime
from enum import StrEnum

import msgspec

from faultdesk.domain.fax import Fax, Receipt


class Channel(StrEnum):
    """The way a client came, and is answered."""

    MAIL = "mail"
    FAX = "fax"


class Language(StrEnum):
    """BCP 47 tags of the languages the desk writes; `mixed` is Chinese and English with content in both."""

    ZH_HANS = "zh-Hans"
    ZH_HANT = "zh-Hant"
    EN = "en"
    MIXED = "mixed"

    @property
    def answered_in(self) -> "Language":
        """The language in which the desk writes back."""
        return Language.ZH_HANS if self is Language.MIXED else self


class Address(msgspec.Struct, frozen=True, order=True):
    """A mailbox (RFC 5322 section 3.4): `address` is addr-spec in lower case, "" when missing."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """The part after the last @, or ""."""
        return self.address.rpartition("@")[2] if "@" in self.address else ""

    @property
    def without_tag(self) -> str:
        """The address without a plus tag (RFC 5233): service+7@x is service@x."""
        local, _, domain = self.address.rpartition("@")
        return f"{local.partition('+')[0]}@{domain}"

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class Attachment(msgspec.Struct, frozen=True):
    """What was attached; its bytes stay in the raw message. `size` is in decoded octets.

    The name is made safe and is no other's of the same message; the type is what the content shows.
    """

    name: str
    media_type: str
    size: int
    holds: tuple[str, ...] = ()
    """The names in an archive, which is not unpacked."""
    text: str = ""
    """The first words of a document, for classes and facts; they are not kept."""
    description: str = ""
    """What a TIFF says of itself; of a received fax that is its station, and the numbers, a line each."""


class Authentication(msgspec.Struct, frozen=True):
    """What one mail server found by one method (RFC 8601): "mx.desk.example", "dmarc", "pass", for which domain."""

    host: str
    method: str
    result: str
    domain: str = ""


class RecipientStatus(msgspec.Struct, frozen=True):
    """What became of a mail to one recipient (RFC 3464 section 2.3): `action` failed, delayed, delivered."""

    address: str
    action: str
    status: str = ""
    """An enhanced status code (RFC 3463), as "5.1.1"."""
    diagnostic: str = ""

    @property
    def is_final(self) -> bool:
        """Tell whether the mail will never arrive."""
        return self.action == "failed"


class DeliveryReport(msgspec.Struct, frozen=True):
    """A delivery status notification: of which mail it speaks, and what became of it."""

    message_id: str
    recipients: tuple[RecipientStatus, ...]


class Disposition(msgspec.Struct, frozen=True):
    """A message disposition notification: what a recipient's program did with a mail (RFC 8098 section 3.2.6)."""

    message_id: str
    kind: str
    """displayed, processed, dispatched, deleted, denied, failed."""
    address: str = ""
    error: str = ""


class Forwarded(msgspec.Struct, frozen=True):
    """Whose mail was passed on, as the forward's own head says: a claim of the forwarder."""

    sender: Address
    subject: str = ""


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A received message, read: what a handler decides on.

    `text` is what is new in it; `quoted` the history below or between, `signature` the closing.
    Message ids keep their angle brackets (RFC 5322 section 3.6.4). Datetimes are aware.
    `automatic` is None for a message a person wrote, else the reason it is taken for automatic.
    `problems` says, for the desk to read, what could not be made out.
    """

    id: int = 0
    """The ledger's number of the message; 0 in a dry run."""
    channel: Channel = Channel.MAIL
    subject: str = ""
    sender: Address = Address("")
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    """Addresses from Delivered-To and X-Original-To, lower case: where plus addressing shows."""
    envelope_from: str | None = None
    """The reverse-path of Return-Path (RFC 5321 section 4.4): "" is the null one, None unknown."""
    date: datetime | None = None
    """What the sender's clock says, in its zone; never used for deadlines."""
    received_at: datetime | None = None
    """The date in the topmost Received header, written by the desk's own server."""
    message_id: str = ""
    references: tuple[str, ...] = ()
    """In-Reply-To and References together, oldest first, each once."""
    language: Language = Language.ZH_HANS
    sender_doubt: str = ""
    """Why the header's word on who sent it cannot be taken, as when it names several; "" when it can."""
    automatic: str | None = None
    text: str = ""
    quoted: str = ""
    signature: str = ""
    attachments: tuple[Attachment, ...] = ()
    forwarded: Forwarded | None = None
    """The mail passed on in it, whose words are part of `text`."""
    may_be_anothers: bool = False
    """Words in `text` may be another's, quoted or passed on: nobody commands by them."""
    delivery_report: DeliveryReport | None = None
    disposition: Disposition | None = None
    robot: str = ""
    """Why a machine seems to have written it, though no header says so: filed like a person's, not acknowledged."""
    authentication: tuple[Authentication, ...] = ()
    """What mail servers say of the sender, topmost first; anybody may have written it."""
    problems: tuple[str, ...] = ()
    fax: Fax | None = None
    """The fax that a gateway passed on in it; `text` holds the words of its pages then."""
    receipt: Receipt | None = None
    """What a gateway says of a fax that it was to send."""
    size: int = 0
    """Octets of the raw message as the server told."""

    @property
    def attached_text(self) -> str:
        """The words of attached documents."""
        return "\n\n".join(file.text for file in self.attachments if file.text)

    @property
    def all_addresses(self) -> tuple[str, ...]:
        """Every address that it was sent or delivered to."""
        return (*self.delivered_to, *(person.address for person in (*self.to, *self.cc)))

    @property
    def reply_address(self) -> Address:
        """Where an answer goes: the first Reply-To, else From."""
        return self.reply_to[0] if self.reply_to else self.sender
