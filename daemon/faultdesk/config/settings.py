"""Every setting: a table of the file is a struct here, with the same names and the defaults.

Durations are ISO 8601 ("PT2H"), sizes octets. Relative paths count from the configuration file.
Secrets are named, never written: a systemd credential or a file.
"""

import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from faultdesk.domain.number import fax_address
from faultdesk.domain.people import People

_MIB = 1024 * 1024
_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"

Count = Annotated[int, msgspec.Meta(ge=1)]
"""A number of things of which at least one is needed."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table: unknown keys are refused."""


class Secret(Table, frozen=True, kw_only=True):
    """Where a secret is: the name of a systemd credential, or a file that only the daemon reads."""

    credential: str | None = None
    file: Path | None = None


class Security(StrEnum):
    """How a connection is protected; certificates are always checked."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


class After(StrEnum):
    """What becomes of a message on the server once it is stored."""

    FLAG = "flag"
    MOVE = "move"
    NOTHING = "nothing"


# Providers whose users share nothing but the provider.
FREE_MAIL_DOMAINS = frozenset(
    {
        "163.com", "126.com", "yeah.net", "188.com", "vip.163.com", "qq.com", "foxmail.com",
        "vip.qq.com", "sina.com", "sina.cn", "sohu.com", "139.com", "189.cn", "wo.cn", "21cn.com",
        "tom.com", "aliyun.com", "gmail.com", "googlemail.com", "outlook.com", "hotmail.com",
        "live.com", "live.cn", "msn.com", "yahoo.com", "yahoo.com.hk", "yahoo.com.tw", "icloud.com",
        "me.com", "proton.me", "protonmail.com", "gmx.com", "gmx.net", "mail.com", "netvigator.com",
        "hinet.net", "pchome.com.tw",
    }
)  # fmt: skip


class DeskSettings(Table, frozen=True, kw_only=True):
    """[desk]: who the desk is."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    address: str
    signing_key: Secret
    time_zone: str = "Asia/Shanghai"
    envelope_from: str = ""
    plus_addressing: bool = False
    alerts: tuple[str, ...] = ()
    free_mail_domains: frozenset[str] = FREE_MAIL_DOMAINS
    authserv_ids: frozenset[str] = frozenset()
    colleagues: frozenset[str] = frozenset()
    form_senders: frozenset[str] = frozenset()
    playbooks: Path | None = None
    """A folder whose files take the place of the bundled ones, CLASS.toml."""
    hourly_cap: Count = 20
    hourly_ticket_cap: Count = 10
    hourly_domain_cap: Count = 200


class DatabaseSettings(Table, frozen=True, kw_only=True):
    """[database]: sqlite:///file or postgresql+psycopg://user@host/name."""

    url: str
    password: Secret | None = None


class MailboxSettings(Table, frozen=True, kw_only=True):
    """What every mailbox has."""

    poll: timedelta = timedelta(seconds=60)
    max_message_octets: Count = 30 * _MIB
    """Of a larger message only the header section is kept."""

    def __post_init__(self) -> None:
        if self.poll <= timedelta():
            raise ValueError("poll: must be longer than nothing")


class ImapSettings(MailboxSettings, frozen=True, kw_only=True, tag_field="type", tag="imap"):
    """[mailboxes.NAME] with type = "imap"."""

    host: str
    user: str
    password: Secret
    port: int = 0
    """0: 993 with tls, else 143."""
    security: Security = Security.TLS
    allow_plain_text: bool = False
    """Let the password travel unprotected to a host that is not this one."""
    ca_file: Path | None = None
    folder: str = "INBOX"
    after: After = After.FLAG
    move_to: str = ""
    idle: bool = True
    timeout: timedelta = timedelta(seconds=20)
    batch_messages: Count = 100
    batch_octets: Count = 8 * _MIB


class MaildirSettings(MailboxSettings, frozen=True, kw_only=True, tag_field="type", tag="maildir"):
    """[mailboxes.NAME] with type = "maildir"."""

    path: Path
    poll: timedelta = timedelta(seconds=0.25)


class FolderSettings(MailboxSettings, frozen=True, kw_only=True, tag_field="type", tag="folder"):
    """[mailboxes.NAME] with type = "folder": TIFF, PDF, JPEG and PNG files, each a message."""

    path: Path
    after: Literal["move", "nothing"] = "move"
    """move: to done/ in the folder."""
    settled: timedelta = timedelta(seconds=5)
    """For so long a file must not have changed; an empty one for a minute."""
    sender: str = ""
    """Whom the messages are from, for [handlers.fax] gateways; "": NAME@folder.invalid."""
    poll: timedelta = timedelta(seconds=2)


class SmtpSettings(Table, frozen=True, kw_only=True, tag_field="type", tag="smtp"):
    """[mailer] with type = "smtp"."""

    host: str
    port: int = 0
    """0: 465 with tls, 587 with starttls, else 25."""
    security: Security = Security.STARTTLS
    allow_plain_text: bool = False
    user: str = ""
    password: Secret | None = None
    ca_file: Path | None = None
    timeout: timedelta = timedelta(seconds=20)
    """For each answer; three times as long for the verdict on a whole mail."""
    helo_name: str = ""


class OutboxSettings(Table, frozen=True, kw_only=True, tag_field="type", tag="maildir"):
    """[mailer] with type = "maildir": mail is written to a folder."""

    path: Path


class ReadingSettings(Table, frozen=True, kw_only=True):
    """[reading]: the child processes that read hostile octets."""

    processes: int = 0
    """0: one per core, two at most."""
    memory_octets: Count = 512 * _MIB
    time: timedelta = timedelta(seconds=20)
    open_files: Count = 64


class HylafaxSettings(Table, frozen=True, kw_only=True, tag_field="type", tag="hylafax"):
    """[fax.sender] with type = "hylafax": by `sendfax`; hosts.hfaxd must let this host in."""

    host: str = "localhost"
    port: Count = 4559
    user: str = "faultdesk"
    password: Secret | None = None
    tries: Count = 3
    """Transmissions that may fail."""
    dials: Count = 6
    """Calls that nobody answers."""
    timeout: timedelta = timedelta(seconds=30)
    receipt_within: timedelta | None = None
    """After which a fax whose end HylaFAX has not told is taken for lost; "PT0S": never. By default half an hour, once it
    has told of any fax."""


class MailFaxSettings(Table, frozen=True, kw_only=True, tag_field="type", tag="mail"):
    """[fax.sender] with type = "mail": a gateway that takes mail, through [mailer]."""

    address: str
    """With {e164}, {digits} (no plus) or {national}: "FAX={e164}@fax.example" (RFC 3191)."""
    subject: str = "{tag}"
    """"": none. It may name the number too."""
    body: str = ""
    media_type: Literal["image/tiff", "application/pdf"] = "image/tiff"
    pages_alone: bool = False
    """The mail is the pages and nothing else: for a T.37 machine that takes no text."""
    ask_receipt: bool = False
    """Ask for a disposition notification (RFC 2532)."""
    receipt_within: timedelta | None = None
    """After which a fax whose end the gateway has not told is taken for lost; "PT0S": never. By default half an hour, once
    it has told of any fax."""

    def __post_init__(self) -> None:
        forms = {"e164": "+862088881111", "digits": "862088881111", "national": "02088881111"}
        filled = []
        for name in ("address", "subject", "body"):
            template = getattr(self, name)
            try:
                filled.append(template.format(**forms, tag="FD-2026-000001"))
            except (KeyError, ValueError, IndexError, AttributeError) as error:
                raise ValueError(f"{name}: {template}: there are {sorted([*forms, 'tag'])}") from error
        if not re.fullmatch(r"[!-~]+@[!-~]+", filled[0]):
            raise ValueError(f"address: {filled[0]} is not a mail address")
        if not any(number in text for number in forms.values() for text in filled):
            raise ValueError("address: names no number, and neither do subject and body")


class FaxSettings(Table, frozen=True, kw_only=True):
    """[fax]: pages that come in, and faxes that go out."""

    pages: Count = 20
    """Of one fax that are read; the others are kept unread."""
    time: timedelta = timedelta(seconds=60)
    """For the pages of one fax."""
    memory_octets: Count = 2560 * _MIB
    """Of address space, for the child that reads pages."""
    idle: timedelta = timedelta(minutes=5)
    """After which that child is ended."""
    sender: HylafaxSettings | MailFaxSettings | None = None
    """Without one, faxes are parked and the desk is told."""
    own_fax: str = ""
    """Printed on every fax and faxed report, as clients shall dial it."""
    own_phone: str = ""
    fonts: tuple[str, ...] = ("Noto Sans CJK SC", "Noto Sans CJK TC")
    """Of the pages we send; the first that has a letter sets it."""
    font_paths: tuple[Path, ...] = ()
    """Folders with fonts, beside the system's."""
    hourly_cap: Count = 6
    """Automatic faxes an hour to one number."""
    quiet_from: str = ""
    """As "22:00": from then until `quiet_to` no private number is called, in the desk's time zone."""
    quiet_to: Annotated[str, msgspec.Meta(pattern=_CLOCK)] = "07:00"
    private_numbers: frozenset[str] = frozenset()
    """E.164, beside mobile ones: they ring in somebody's home."""

    def __post_init__(self) -> None:
        if self.quiet_from and not re.fullmatch(_CLOCK, self.quiet_from):
            raise ValueError("quiet_from: must be a time, as 22:00")
        if self.quiet_from == self.quiet_to:
            raise ValueError('quiet_from: is the same as quiet_to; leave it "" for no quiet hours')
        if wrong := sorted(number for number in self.private_numbers if not fax_address(number)):
            raise ValueError(f"private_numbers: {wrong[0]}: must be E.164, as +862011112222")
        within = self.sender.receipt_within if self.sender else None
        if within is not None and within < timedelta():
            raise ValueError("sender.receipt_within: is less than nothing")


class JobSettings(Table, frozen=True, kw_only=True):
    """[jobs]: how what was decided is performed."""

    engine: Literal["threads", "procrastinate"] = "threads"
    """threads: of the only daemon; procrastinate: of any number of daemons on one PostgreSQL."""
    workers: Count = 2
    attempts: Count = 8


class AlarmSettings(Table, frozen=True, kw_only=True):
    """[alarm]: when something stands still."""

    after: timedelta = timedelta(minutes=10)
    command: tuple[str, ...] = ()
    """A second way to tell the desk, beside mail: it gets the text on its standard input."""


class AuditSettings(Table, frozen=True, kw_only=True):
    """[audit]: the nightly proof that nothing is missing."""

    at: Annotated[str, msgspec.Meta(pattern=_CLOCK)] = "03:30"
    """In the desk's time zone."""


class LogSettings(Table, frozen=True, kw_only=True):
    """[log]: how much is told."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file. `handlers` holds each handler's table as written, in the file's order."""

    path: Path
    desk: DeskSettings
    database: DatabaseSettings
    mailboxes: dict[str, ImapSettings | MaildirSettings | FolderSettings]
    mailer: SmtpSettings | OutboxSettings
    people: People
    """[people.NAME]: engineers, leads of branches, managers."""
    handlers: dict[str, dict[str, Any]]
    reading: ReadingSettings = ReadingSettings()
    fax: FaxSettings = FaxSettings()
    jobs: JobSettings = JobSettings()
    alarm: AlarmSettings = AlarmSettings()
    audit: AuditSettings = AuditSettings()
    log: LogSettings = LogSettings()
