"""The nightly audit and its command, on a real desk that is damaged."""

from end_to_end.played import RealDesk, read_mail


def audit_job(desk: RealDesk) -> dict[str, object]:
    return next(row for row in desk.listing("jobs", "list") if row["kind"] == "faultdesk.audit")


def audit_now(desk: RealDesk) -> None:
    """Let the night come: its job is due."""
    desk.command("jobs", "retry", str(audit_job(desk)["id"]))
    desk.command("run", "--drain")


def audit_row(desk: RealDesk) -> dict[str, object]:
    return next(row for row in desk.listing("status") if row["what"] == "audit")


def test_the_daemon_audits_every_night_and_tells_what_is_missing(desk: RealDesk) -> None:
    desk.account.deliver(b"From: li@owner.example\r\nSubject: lift\r\n\r\nThe lift stands still.\r\n")
    desk.start()
    desk.wait_for_end(1)
    first = audit_job(desk)
    assert desk.stop() == 0
    audit_now(desk)
    assert audit_row(desk)["count"] == 0
    (ticket,) = desk.tickets()
    sent = len(desk.sink.messages)

    desk.sql("UPDATE ticket SET status = 'answered'")
    audit_now(desk)

    (alert,) = [read_mail(mail) for mail in desk.sink.messages[sent:]]
    assert alert["To"] == "ops@yuanheng-elv.example"
    assert str(alert["Subject"]) == "faultdesk: the audit found 1"
    assert f"{ticket['reference']}: status is answered, its log says new" in alert.get_content()
    assert audit_row(desk)["count"] == 1
    assert audit_job(desk)["run_at"] == first["run_at"]  # the coming night again


def test_a_restart_leaves_the_audit_where_it_is(desk: RealDesk) -> None:
    desk.start()
    assert desk.stop() == 0
    desk.sql("UPDATE job SET run_at = '2026-01-01 00:00:00', state = 'due'")

    desk.start()
    desk.wait_for_log("audit.ended")

    assert desk.stop() == 0


def test_audit_tells_in_a_line_that_nothing_is_missing(desk: RealDesk) -> None:
    desk.command("run", "--drain")

    assert desk.command("audit") == "0 messages, 0 tickets, 1 mailbox: nothing is missing\n"
    assert desk.listing("audit") == []


def test_audit_exits_with_1_and_a_list_of_what_is_missing_and_what_to_do(desk: RealDesk) -> None:
    desk.account.deliver(b"From: li@owner.example\r\nSubject: lift\r\n\r\nThe lift stands still.\r\n")
    desk.command("run", "--drain")
    desk.sql("DELETE FROM message WHERE inbox_id IS NOT NULL")

    said = desk.command("audit", expect=1)

    assert "message 1" in said
    assert "is done, but no ticket holds it" in said
    assert "faultdesk inbox show 1 --raw" in said
    assert "1 message, 1 ticket, 1 mailbox: 1 finding" in said


def test_audit_offline_looks_at_no_mailbox(desk: RealDesk) -> None:
    desk.command("run", "--drain")
    desk.config.write_text(
        desk.config.read_text().replace(f"port = {desk.account.server.port}", "port = 1", 1)
    )

    assert "cannot be looked at" in desk.command("audit", "--online", expect=1)
    assert "no mailbox looked at: nothing is missing" in desk.command("audit", "--offline")
