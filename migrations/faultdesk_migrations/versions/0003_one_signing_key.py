"""Daemons tell by which key they sign, so that two of different keys do not work side by side."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("daemon", sa.Column("seal", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_column("daemon", "seal")
