"""Jobs by their ticket, which has several lanes; an engineer's tickets in their order, for no more than some are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OPEN = sa.text("status IN ('new', 'answered')")


def upgrade() -> None:
    """Go to this revision."""
    op.create_index(op.f("ix_job_ticket_id"), "job", ["ticket_id"])
    _index_engineers("engineer", "id")
    # Older programs look for a ticket's jobs in its one lane: they would purge it while a letter is on its way.
    op.execute("UPDATE schema SET oldest_program = '0011'")


def downgrade() -> None:
    """Go back to the revision before."""
    op.execute("UPDATE schema SET oldest_program = '0010'")
    op.drop_index(op.f("ix_job_ticket_id"), "job")
    _index_engineers("engineer")


def _index_engineers(*columns: str) -> None:
    name = op.f("ix_ticket_engineer")
    op.drop_index(name, "ticket")
    op.create_index(name, "ticket", list(columns), sqlite_where=_OPEN, postgresql_where=_OPEN)
