"""What handlers have the desk keep: models that learned from corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "artefact",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("content", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artefact")),
    )
    op.create_index("uq_artefact_version", "artefact", ["name", "version"], unique=True)
    op.create_index(
        "uq_artefact_in_force",
        "artefact",
        ["name"],
        unique=True,
        sqlite_where=sa.text("in_force"),
        postgresql_where=sa.text("in_force"),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("artefact")
