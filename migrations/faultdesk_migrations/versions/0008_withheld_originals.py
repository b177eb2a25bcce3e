"""Originals that do not leave the desk, and the mails that wait for a look at one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "quarantine",
        sa.Column("inbox_id", _ID, nullable=False, autoincrement=False),
        sa.Column("inspector", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mails", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_quarantine_inbox_id_inbox")),
        sa.PrimaryKeyConstraint("inbox_id", "inspector", name=op.f("pk_quarantine")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("quarantine")
