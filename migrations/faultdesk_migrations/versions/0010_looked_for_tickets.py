"""What tickets are looked for by: who works on them, whose they are, their next deadline, what is like them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_OPEN = sa.text("status IN ('new', 'answered')")
_OF_OPEN_ONES, _OF_ALL = ("engineer", "due_at"), ("client", "likeness")


def upgrade() -> None:
    """Go to this revision. Of older tickets only the likeness is filled: the others come with their next event."""
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
    for name in _OF_ALL:
        op.create_index(op.f(f"ix_ticket_{name}"), "ticket", [name, "id"])

    op.add_column("message", sa.Column("signature", sa.Text()))
    system, fault_class = (
        sa.column("classification", sa.JSON)[name].as_string() for name in ("system", "fault_class")
    )
    likeness = sa.func.coalesce(system, "none") + "/" + sa.func.coalesce(fault_class, "")
    op.execute(sa.table("ticket", sa.column("likeness")).update().values(likeness=likeness))


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_column("message", "signature")
    for name in (*_OF_OPEN_ONES, *_OF_ALL):
        op.drop_index(op.f(f"ix_ticket_{name}"), "ticket")
        op.drop_column("ticket", name)
