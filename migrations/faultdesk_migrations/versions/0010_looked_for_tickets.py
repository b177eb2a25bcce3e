"""What tickets are looked for by: who works on them, whose they are, their next deadline, what is like them."""

import sqlalchemy as sa
from alembic import op

from faultdesk.adapters.sql.columns import Moment
from faultdesk.domain.promise import next_due
from faultdesk.domain.ticket import Event

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_OPEN = sa.text("status IN ('new', 'answered')")
_ENDED = sa.text("status IN ('resolved', 'closed')")
_OF_OPEN_ONES = ("engineer", "due_at")


def upgrade() -> None:
    """Go to this revision. Whose an older ticket is and who works on it comes with its next event."""
    for name, kind in (
        ("engineer", sa.Text()),
        ("client", sa.Text()),
        ("due_at", _MOMENT),
        ("likeness", sa.Text()),
    ):
        op.add_column("ticket", sa.Column(name, kind))
    for name in _OF_OPEN_ONES:
        index = op.f(f"ix_ticket_{name}")
        op.create_index(index, "ticket", [name], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("ix_ticket_client", "ticket", ["client", "id"])
    op.create_index(
        "ix_ticket_likeness", "ticket", ["likeness", "id"], sqlite_where=_ENDED, postgresql_where=_ENDED
    )

    op.add_column("message", sa.Column("signature", sa.Text()))
    system, fault_class = (
        sa.column("classification", sa.JSON)[name].as_string() for name in ("system", "fault_class")
    )
    likeness = sa.func.coalesce(system, "none") + "/" + sa.func.coalesce(fault_class, "")
    op.execute(sa.table("ticket", sa.column("likeness")).update().values(likeness=likeness))
    _note_deadlines(op.get_bind())
    # Older programs know none of the jobs that write work orders and reports: they would park them.
    op.execute("UPDATE schema SET oldest_program = '0010'")


def _note_deadlines(connection: sa.Connection) -> None:
    """Note the next deadline of every open ticket: the board must miss none."""
    ticket = sa.table("ticket", sa.column("id"), sa.column("status"), sa.column("due_at", Moment))
    event = sa.table(
        "event",
        sa.column("id"),
        sa.column("ticket_id"),
        sa.column("kind"),
        sa.column("data", sa.JSON),
        sa.column("at", Moment),
    )
    for number in connection.scalars(sa.select(ticket.c.id).where(_OPEN)).all():
        rows = connection.execute(
            sa.select(event.c.kind, event.c.data, event.c.at)
            .where(event.c.ticket_id == number)
            .order_by(event.c.id)
        )
        due_at = next_due([Event(*row) for row in rows])
        connection.execute(ticket.update().where(ticket.c.id == number).values(due_at=due_at))


def downgrade() -> None:
    """Go back to the revision before."""
    op.execute("UPDATE schema SET oldest_program = '0002'")
    op.drop_column("message", "signature")
    for name in (*_OF_OPEN_ONES, "client", "likeness"):
        op.drop_index(op.f(f"ix_ticket_{name}"), "ticket")
        op.drop_column("ticket", name)
