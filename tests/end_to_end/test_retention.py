"""A purge while the daemon works."""

import subprocess

from end_to_end.played import FAULTDESK, RealDesk, acknowledgements
from servers.process import wait_until

OLD = 3_000


def notice(number: int) -> bytes:
    return (
        b"From: client%d@owner.example\r\nTo: service@yuanheng-elv.example\r\nSubject: camera %d is dark\r\n"
        b"Message-ID: <%d@owner.example>\r\n\r\nPlease send somebody to gate %d.\r\n"
    ) % (number, number, number, number)


def grow_old(desk: RealDesk) -> None:
    """Make of the one ticket that is there many that were resolved long ago."""
    names = (
        "subject, channel, language, classification, requester_address, requester_name, noticed_at, opened_at"
    )
    count = f"WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < {OLD})"  # noqa: S608
    desk.sql(
        f"INSERT INTO ticket (id, reference, status, {names}) {count}"  # noqa: S608
        f" SELECT n, 'FD-2020-' || n, 'resolved', {names} FROM ticket, n WHERE id = 1"
    )
    desk.sql(
        f"INSERT INTO event (ticket_id, at, kind, actor, data) {count}"  # noqa: S608
        " SELECT n, '2020-01-01 00:00:00.000000', kind, actor, data FROM event, n WHERE ticket_id = 1"
    )


def test_the_daemon_works_on_while_old_tickets_are_purged(desk: RealDesk) -> None:
    desk.account.deliver(notice(1))
    desk.command("run", "--drain")
    grow_old(desk)
    desk.start()
    command = [*FAULTDESK, "--config", str(desk.config), "purge", "--older-than", "P2Y"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as purging:
        number, acknowledged_meanwhile = 1, 0
        while purging.poll() is None:
            number += 1
            desk.account.deliver(notice(number))
            wait_until(lambda number=number: len(acknowledgements(desk.sink)) == number, "acknowledged")  # type: ignore[misc]
            acknowledged_meanwhile += purging.poll() is None
        said, _ = purging.communicate()

    assert acknowledged_meanwhile > 0
    assert said.startswith(f"purged: tickets {OLD - 1}, ")
    assert desk.stop() == 0
    assert "database.waited_for" not in desk.log.read_text()
