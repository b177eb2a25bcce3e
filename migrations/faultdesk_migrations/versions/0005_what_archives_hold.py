"""The names in an attached archive."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("attachment", sa.Column("holds", sa.JSON()))


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_column("attachment", "holds")
