"""run and status: the daemon, and how it is."""

import os
import sys
from typing import Annotated

import typer

from faultdesk.adapters.sql import listings
from faultdesk.adapters.sql.audit import status_rows
from faultdesk.adapters.sql.daemons import daemon_rows
from faultdesk.adapters.sql.disk import disk_rows
from faultdesk.cli.context import configuration, reading
from faultdesk.cli.show import AsJson, listing
from faultdesk.errors import TransientError
from faultdesk.service.drain import drain
from faultdesk.service.logs import configure_logs
from faultdesk.service.supervisor import Supervisor
from faultdesk.service.wiring import open_works

_PRIVATE = 0o077
"""What the daemon writes holds clients' mails: nobody else reads it."""
_SWITCH_SECONDS = 0.0005
"""A thread back from a server or the disk waits so long for the one that computes; 5 ms unless told."""


def run(
    context: typer.Context,
    drained: Annotated[bool, typer.Option("--drain", help="Do all that is due now, then end.")] = False,
) -> None:
    """Work until SIGTERM: collect, read, triage, perform."""
    os.umask(_PRIVATE)
    sys.setswitchinterval(_SWITCH_SECONDS)
    config = configuration(context)
    configure_logs(config.log.level)
    desk, works = open_works(config)
    try:
        works.membership.join()
        if not drained:
            Supervisor(desk, works).run()
        elif unreachable := drain(desk, works):
            raise TransientError(f"not reached: {', '.join(unreachable)}; the rest is done")
    finally:
        works.membership.leave()


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Sum up the database's disk, daemons, mailboxes, messages, tickets, jobs and the last audit."""
    config = configuration(context)
    with reading(context) as connection:
        rows = [
            *disk_rows(connection),
            *daemon_rows(connection),
            *listings.status(connection),
            *status_rows(connection),
        ]
    listing(rows, ("what", "name", "count", "since", "detail"), config.desk.time_zone, as_json=as_json)
