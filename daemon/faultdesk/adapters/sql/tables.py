"""The tables. All times are UTC; octets and decisions commit together, so one file is the backup."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

from faultdesk.adapters.sql.columns import Id, Moment, identity, reference


def _where(condition: str) -> dict[str, Any]:
    """Write the condition of a partial index, for each database in its own words."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


# Of tickets; a query that says it in these words has the partial indices.
OPEN, ENDED = "status IN ('new', 'answered')", "status IN ('resolved', 'closed')"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("name", Text, primary_key=True),
    Column("uid_validity", sa.BigInteger),
    Column("last_uid", sa.BigInteger),
    Column("reached_at", Moment),
    Column("error", Text),
    Column("failing_since", Moment),
    # The daemon that collects it: what another one brings is refused.
    Column("owner", Id),
)

# Daemons at work, and those that nobody has missed yet.
daemon = Table(
    "daemon",
    metadata,
    identity(),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("revision", Text, nullable=False),
    Column("mailboxes", sa.JSON, nullable=False),
    Column("started_at", Moment, nullable=False),
    # Says which key it signs with, and nothing of the key.
    Column("seal", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,  # what one daemon claimed must not come to be another's
)

# One row: whose programs may work on these tables, and what the engine's own are at.
schema = Table(
    "schema",
    metadata,
    Column("oldest_program", Text, primary_key=True),
    Column("engine", Text),
)

alarm = Table(
    "alarm",
    metadata,
    Column("name", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("told_at", Moment, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    identity(),
    Column("mailbox", Text, nullable=False),
    Column("uid_validity", sa.BigInteger, nullable=False),
    Column("uid", Text, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("size", sa.BigInteger, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("collected_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("strikes", Integer, nullable=False, default=0),
    Column("begun", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("settled", Boolean, nullable=False),
    # The daemon that has it read and decides it.
    Column("reader", Id),
    reference("ticket_id", nullable=True),
    Column("purged_at", Moment),
    Index("uq_inbox_uid", "mailbox", "uid_validity", "uid", unique=True),
    Index("ix_inbox_sha256", "mailbox", "sha256"),
    Index("ix_inbox_received", "id", **_where("state = 'received'")),
    Index("ix_inbox_pages", "id", **_where("state = 'pages'")),
    Index("ix_inbox_unsettled", "mailbox", **_where("NOT settled")),
)

# Beside the ledger: SQLite writes a whole row anew for a change of its state, large messages too.
octets = Table(
    "octets",
    metadata,
    Column("inbox_id", Id, ForeignKey("inbox.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

# Of messages with pages to be read: which documents hold them, and what was read.
pages = Table(
    "pages",
    metadata,
    Column("inbox_id", Id, ForeignKey("inbox.id"), primary_key=True, autoincrement=False),
    Column("documents", sa.JSON, nullable=False),
    Column("look_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    # The pages, once they were read.
    Column("content", sa.JSON(none_as_null=True)),
)

# Originals that do not leave the desk: for good, or (`until`) while somebody looks at them.
quarantine = Table(
    "quarantine",
    metadata,
    Column("inbox_id", Id, ForeignKey("inbox.id"), primary_key=True, autoincrement=False),
    Column("inspector", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("until", Moment),
    # The rows of `message` that wait for that look.
    Column("mails", sa.JSON, nullable=False),
)

sequence = Table(
    "sequence",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

ticket = Table(
    "ticket",
    metadata,
    identity(),
    Column("reference", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("classification", sa.JSON, nullable=False),
    Column("requester_address", Text, nullable=False),
    Column("requester_name", Text, nullable=False),
    Column("noticed_at", Moment, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("held", Boolean, nullable=False, server_default=sa.false()),
    Column("purged_at", Moment),
    # What follows from the log, for those who look for tickets: who works on it, whose it is by the client's
    # record, which deadline is next, and what is like it.
    Column("engineer", Text),
    Column("client", Text),
    Column("due_at", Moment),
    Column("likeness", Text),
    Index("ix_ticket_engineer", "engineer", "id", **_where(OPEN)),
    Index("ix_ticket_due_at", "due_at", **_where(OPEN)),
    Index("ix_ticket_client", "client", "id"),
    Index("ix_ticket_likeness", "likeness", "id", **_where(ENDED)),
)

participant = Table(
    "participant",
    metadata,
    Column("ticket_id", Id, ForeignKey("ticket.id"), primary_key=True),
    Column("address", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
)

event = Table(
    "event",
    metadata,
    identity(),
    reference("ticket_id"),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("data", sa.JSON, nullable=False),
)

message = Table(
    "message",
    metadata,
    identity(),
    reference("ticket_id", nullable=True),  # an alert may belong to none
    reference("inbox_id", nullable=True),
    Column("message_id", Text, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("recipients", sa.JSON, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    # Of a received message: the closing under the text.
    Column("signature", Text),
    Column("automatic", Boolean, nullable=False),
    Column("internal", Boolean, nullable=False),
    Column("at", Moment),
    # Of an automatic mail to a client, and of no other: what the rate cap counts.
    Column("capped_address", Text),
    Column("capped_domain", Text),
    # Of a received message: the same for texts that differ in numbers only.
    Column("likeness", Text),
    # Why a mail that was decided is not sent and never will be.
    Column("withheld", Text),
    # Of a fax that was sent: the gateway's number of the job, and what became of it.
    Column("fax_job", Text),
    Column("fax_outcome", Text),
    Column("attached", sa.JSON),
    Column("content", LargeBinary),
    Index("ix_message_capped_address", "capped_address", "at"),
    Index("ix_message_capped_domain", "capped_domain", "at"),
    Index("ix_message_likeness", "likeness", "at"),
    Index("ix_message_fax_job", "fax_job"),
    Index("ix_message_unsent", "id", **_where("inbox_id IS NULL AND at IS NULL AND withheld IS NULL")),
    Index("uq_message_outgoing", "message_id", unique=True, **_where("inbox_id IS NULL")),
)

# What a message that opened a ticket refers to and nobody had seen: it may come yet.
mention = Table(
    "mention",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("ticket_id", Id, ForeignKey("ticket.id"), primary_key=True),
)

attachment = Table(
    "attachment",
    metadata,
    identity(),
    reference("message_id"),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", sa.BigInteger, nullable=False),
    Column("holds", sa.JSON),
)

job = Table(
    "job",
    metadata,
    identity(),
    Column("kind", Text, nullable=False),
    reference("ticket_id", nullable=True),
    Column("arguments", sa.JSON, nullable=False),
    Column("name", Text, unique=True),
    Column("lane", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("run_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("uncounted", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Index("ix_job_due", "run_at", **_where("state = 'due'")),
    Index("ix_job_held", "run_at", **_where("state = 'held'")),
    sqlite_autoincrement=True,  # the id of a job that is done must not come to mean another
)

# The last one alone.
audit = Table(
    "audit",
    metadata,
    identity(),
    Column("at", Moment, nullable=False),
    Column("total", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    Column("findings", sa.JSON, nullable=False),
)

# Whom the desk serves; a client's projects and contracts stand in its content.
client = Table(
    "client",
    metadata,
    identity(),
    Column("name", Text, nullable=False, unique=True),
    Column("content", sa.JSON, nullable=False),
)

# By what clients are known: addresses, domains, numbers, names and contracts.
client_key = Table(
    "client_key",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("client_id", Id, ForeignKey("client.id"), primary_key=True, index=True),
)

# Versions of what handlers make and have kept; one without octets was only tried.
artefact = Table(
    "artefact",
    metadata,
    identity(),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("figures", sa.JSON, nullable=False),
    Column("in_force", Boolean, nullable=False),
    Column("withdrawn_at", Moment),
    Column("content", LargeBinary),
    Index("uq_artefact_version", "name", "version", unique=True),
    Index("uq_artefact_in_force", "name", unique=True, **_where("in_force")),
)
