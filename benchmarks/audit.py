"""How long an audit takes, and how much memory: `python -m benchmarks.audit --tickets 1000000`."""

# ruff: noqa: S608, ISC004 - its own SQL, of its own strings

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from faultdesk.adapters.clock import SystemClock
from faultdesk.adapters.sql.audit import SqlBooks
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.pipeline.audit import audit

_COUNT = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < TICKETS)"
_STORED = "'2026-01-01 00:00:00.000000'"
_FILL = (
    "INSERT INTO ticket (id, reference, status, subject, channel, language, classification, requester_address,"
    " requester_name, noticed_at, opened_at) COUNT SELECT n, 'FD-2025-' || n, 'resolved', 'lift', 'mail', 'en',"
    f" '{{}}', 'li@owner.example', 'Li', {_STORED}, {_STORED} FROM n",
    "INSERT INTO inbox (id, mailbox, uid_validity, uid, sha256, size, truncated, arrived_at, collected_at, state,"
    f" strikes, begun, settled, ticket_id) COUNT SELECT n, 'archive', 1, n, randomblob(32), 800, 0,"
    f" {_STORED}, {_STORED}, 'done', 0, 0, 1, n FROM n",
    "INSERT INTO octets (inbox_id, content) COUNT SELECT n, randomblob(800) FROM n",
    "INSERT INTO message (ticket_id, inbox_id, message_id, purpose, sender, recipients, subject, text, automatic,"
    f" internal, at) COUNT SELECT n, n, '<' || n || '@o>', 'notice', 'li@owner.example', '[]', 'lift',"
    f" hex(randomblob(150)), 0, 0, {_STORED} FROM n",
    "INSERT INTO message (ticket_id, message_id, purpose, sender, recipients, subject, text, automatic, internal, at,"
    " content) COUNT SELECT n, '<' || n || '@d>', 'acknowledgement', '', '[\"li@owner.example\"]', 'lift',"
    f" hex(randomblob(150)), 1, 0, {_STORED}, randomblob(900) FROM n",
    *(
        f"INSERT INTO event (ticket_id, at, kind, actor, data) COUNT SELECT n, {_STORED}, '{kind}', '', '{data}' FROM n"
        for kind, data in (
            ("opened", '{"inbox": 1, "noticed_at": "2026-01-01T00:00:00+00:00"}'),
            ("classified", '{"kind": "fault"}'),
            ("mail_sent", '{"purpose": "acknowledgement"}'),
            ("resolved", '{"number": 1}'),
        )
    ),
)


def fill(database: Database, tickets: int) -> None:
    """Store so many tickets, each with a message, an acknowledgement and four events."""
    for statement in _FILL:
        with database.write() as connection:
            connection.exec_driver_sql(statement.replace("COUNT", _COUNT.replace("TICKETS", str(tickets))))


def main() -> None:
    """Fill, audit, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--folder", default=None)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        file = Path(folder) / "faultdesk.db"
        database = Database(f"sqlite:///{file}")
        migrate(database)
        fill(database, chosen.tickets)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        report = audit(SqlBooks(database), (), ("mail.send",), SystemClock().now())
        seconds = time.perf_counter() - started
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        database.close()
        print(
            f"{report.summary}; {file.stat().st_size / 2**30:.2f} GiB, {seconds:.1f} s, {grown / 1024:.0f} MiB more"
        )
        sys.exit(report.total > 0)


if __name__ == "__main__":
    main()
