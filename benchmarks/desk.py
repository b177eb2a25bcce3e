"""A desk with every bundled handler over a database of its own, played by hand."""

from pathlib import Path

from end_to_end.played import HANDLERS
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.config import load_config
from faultdesk.handlers import Handler
from faultdesk.service.wiring import load_handlers
from pipeline.desk import PlayedDesk

_CONFIG = """
[desk]
name = "bench"
address = "service@yuanheng-elv.example"
signing_key = {{ file = "key" }}
[database]
url = "sqlite:///none.db"
[mailboxes.none]
type = "maildir"
path = "in"
[mailer]
type = "maildir"
path = "out"
{handlers}
"""


def make_desk(folder: Path) -> PlayedDesk:
    """Make an empty one in a folder; the references of its own tickets begin late, out of the way of others."""
    database = Database(f"sqlite:///{folder}/desk.db")
    migrate(database)
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO sequence (year, last) VALUES (2026, 900000)")
    return PlayedDesk(SqlStore(database), handlers_of(folder))


def handlers_of(folder: Path) -> dict[str, Handler]:
    """Make every bundled handler of a configuration in a folder."""
    file = folder / "faultdesk.toml"
    file.write_text(_CONFIG.format(handlers=HANDLERS))
    (folder / "key").write_text("key")
    return load_handlers(load_config(file))
