"""Faxes: pages to be read, and what became of those that were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_WAITING = sa.text("state = 'pages'")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "pages",
        sa.Column("inbox_id", _ID, sa.ForeignKey("inbox.id", name="fk_pages_inbox_id_inbox"), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("look_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True)),
        sa.PrimaryKeyConstraint("inbox_id", name="pk_pages"),
    )
    op.create_index("ix_inbox_pages", "inbox", ["id"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.add_column("message", sa.Column("fax_job", sa.Text()))
    op.add_column("message", sa.Column("fax_outcome", sa.Text()))
    op.create_index("ix_message_fax_job", "message", ["fax_job"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_message_fax_job", "message")
    op.drop_column("message", "fax_outcome")
    op.drop_column("message", "fax_job")
    op.drop_index("ix_inbox_pages", "inbox")
    op.drop_table("pages")
