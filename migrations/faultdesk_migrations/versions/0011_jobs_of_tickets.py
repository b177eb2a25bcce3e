"""Jobs by their ticket: a ticket has several lanes."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_index(op.f("ix_job_ticket_id"), "job", ["ticket_id"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index(op.f("ix_job_ticket_id"), "job")
