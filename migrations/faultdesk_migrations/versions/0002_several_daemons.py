"""Several daemons: who they are, what each has in hand, and which versions may work side by side."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "daemon",
        sa.Column("id", _ID, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("mailboxes", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daemon")),
        sqlite_autoincrement=True,
    )
    schema = op.create_table(
        "schema",
        sa.Column("oldest_program", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("oldest_program", name=op.f("pk_schema")),
    )
    op.bulk_insert(schema, [{"oldest_program": "0002", "engine": None}])
    op.add_column("mailbox", sa.Column("owner", _ID, nullable=True))
    op.add_column("inbox", sa.Column("reader", _ID, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        # A fifth of the time that PostgreSQL's own way of packing large mails takes.
        op.execute("ALTER TABLE octets ALTER COLUMN content SET COMPRESSION lz4")


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_column("inbox", "reader")
    op.drop_column("mailbox", "owner")
    op.drop_table("schema")
    op.drop_table("daemon")
