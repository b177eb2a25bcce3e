"""What ends a loop of two machines: the likeness of what came, and how much went to a whole domain."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("message", sa.Column("likeness", sa.Text()))
    op.add_column("message", sa.Column("capped_domain", sa.Text()))
    op.create_index("ix_message_likeness", "message", ["likeness", "at"])
    op.create_index("ix_message_capped_domain", "message", ["capped_domain", "at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_message_capped_domain", "message")
    op.drop_index("ix_message_likeness", "message")
    op.drop_column("message", "capped_domain")
    op.drop_column("message", "likeness")
