"""Versions of this program that there are not yet: the sources with a revision more, beside the real ones."""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]

_REVISION = '''"""A revision of the tests."""

import sqlalchemy as sa
from alembic import op

revision = "{number:04}"
down_revision = "{before:04}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {body}
'''
_EXPAND = 'op.add_column("ticket", sa.Column("priority", sa.Text(), nullable=False, server_default="normal"))'
_CONTRACT = """op.alter_column("ticket", "priority", server_default=None)
    op.execute("UPDATE schema SET oldest_program = '{number:04}'")"""


def version_after(folder: Path, *, head: int, contracted: bool) -> dict[str, str]:
    """Write a version whose programs give tickets a priority; return what its commands need in the environment.

    Its first revision adds the column with a default, for older programs know nothing of it. The second,
    if `contracted`, takes the default away, and with it what those programs need.
    """
    for part in ("daemon", "plugins", "migrations"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    tables = folder / "daemon/faultdesk/adapters/sql/tables.py"
    known = 'Column("held", Boolean'
    tables.write_text(
        tables.read_text().replace(
            known, f'Column("priority", Text, nullable=False, default="normal"),\n    {known}', 1
        )
    )
    bodies = [_EXPAND, _CONTRACT.format(number=head + 1)] if contracted else [_EXPAND]
    for number, body in enumerate(bodies, head + 1):
        file = folder / f"migrations/faultdesk_migrations/versions/{number:04}_of_the_tests.py"
        file.write_text(_REVISION.format(number=number, before=number - 1, body=body))
    return {"PYTHONPATH": os.pathsep.join(str(folder / part) for part in ("daemon", "plugins", "migrations"))}
