from datetime import timedelta

import pytest

from faultdesk.adapters.sql.listings import job_rows
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Event
from faultdesk.errors import MailDeferredError, MailRefusedError, PermanentError
from faultdesk.handlers import Desk
from faultdesk.handlers.testing import a_message
from pipeline.desk import PlayedDesk

LI = Address("li@owner.example")


def mail(name: str = "a", ticket_id: int | None = None, *, internal: bool = False) -> Mail:
    return Mail(
        name=name, ticket_id=ticket_id, to=(LI,), subject=name, text="t", purpose="notice", internal=internal
    )


def put(desk: PlayedDesk, job: Job) -> None:
    with desk.store.write() as tx:
        desk.ledger.put(tx, job)


def attempt(desk: PlayedDesk, job_id: int) -> None:
    (claimed,) = desk.performer.begin([job_id]).claimed
    desk.performer.perform(claimed)


def jobs(desk: PlayedDesk) -> list[tuple[str, str, int]]:
    with desk.store.database.read() as connection:
        return [(row["kind"], row["state"], row["tries"]) for row in job_rows(connection, None, 99)]


def test_a_decided_mail_is_sent_once_with_the_null_reverse_path(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    with store.write() as tx:
        desk.ledger.apply(tx, None, "test", mail())
        desk.ledger.apply(tx, None, "test", mail())

    desk.perform()

    assert [(sender, recipients) for sender, recipients, _ in desk.mailer.sent] == [
        ("", ["li@owner.example"])
    ]
    assert jobs(desk) == []


def test_nothing_is_sent_for_a_decision_that_was_rolled_back(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    with pytest.raises(RuntimeError), store.write() as tx:
        desk.ledger.apply(tx, None, "test", mail())
        raise RuntimeError

    desk.perform()

    assert desk.mailer.sent == []


def test_a_failing_job_backs_off_longer_each_time_and_is_then_parked_and_told(store: SqlStore) -> None:
    attempts: list[int] = []

    def fail(job: Job, desk: Desk) -> None:
        attempts.append(job.tries)
        raise OSError("no route to host")

    desk = PlayedDesk(store, {}, {"test.fail": fail})
    put(desk, Job("test.fail"))
    for minutes in (0, 1, 2, 4, 8, 16, 32, 64, 128):
        desk.clock.advance(timedelta(minutes=minutes))
        desk.perform()

    assert attempts == [1, 2, 3, 4, 5, 6, 7, 8]
    assert jobs(desk) == [("test.fail", "parked", 8)]
    assert [recipients for _, recipients, _ in desk.mailer.sent] == [["ops@faultdesk.example"]]


def test_a_job_that_fails_for_good_is_parked_at_once_with_its_traceback(store: SqlStore) -> None:
    def refuse(job: Job, desk: Desk) -> None:
        raise PermanentError("never")

    desk = PlayedDesk(store, {}, {"test.refuse": refuse})
    put(desk, Job("test.refuse"))
    desk.perform()

    assert jobs(desk) == [("test.refuse", "parked", 1)]


def test_what_a_failing_job_decided_is_not_written_down(store: SqlStore) -> None:
    def half(job: Job, desk: Desk) -> None:
        desk.send(mail("half"))
        raise OSError

    desk = PlayedDesk(store, {}, {"test.half": half})
    put(desk, Job("test.half"))
    desk.perform()

    assert desk.mailer.sent == []


def test_a_job_of_no_handler_is_parked_and_says_which_there_are(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    put(desk, Job("gone.work"))
    desk.perform()

    with store.database.read() as connection:
        error = connection.exec_driver_sql("SELECT error FROM job").scalar_one()
    assert "no handler performs gone.work; there are ['fax.overdue', 'fax.send', 'mail.send']" in error


def test_a_timer_may_put_itself_again(store: SqlStore) -> None:
    def again(job: Job, desk: Desk) -> None:
        desk.put(Job("test.timer", name="timer", run_at=desk.now + timedelta(hours=1)))

    desk = PlayedDesk(store, {}, {"test.timer": again})
    put(desk, Job("test.timer", name="timer"))
    desk.perform()

    assert jobs(desk) == [("test.timer", "due", 0)]


def test_a_timer_fires_at_its_time_and_not_before(store: SqlStore) -> None:
    fired: list[str] = []
    desk = PlayedDesk(store, {}, {"test.timer": lambda job, _: fired.append(job.kind)})
    put(desk, Job("test.timer", run_at=desk.clock.now() + timedelta(minutes=5)))

    desk.clock.advance(timedelta(minutes=4))
    desk.perform()
    assert fired == []

    desk.clock.advance(timedelta(minutes=1))
    desk.perform()
    assert fired == ["test.timer"]


def test_a_mail_that_the_server_defers_goes_out_later(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    desk.mailer.error = MailDeferredError("450 later")
    with store.write() as tx:
        desk.ledger.apply(tx, None, "test", mail())
    desk.perform()
    desk.mailer.error = None

    desk.clock.advance(timedelta(minutes=1))
    desk.perform()

    assert len(desk.mailer.sent) == 1


def test_a_refused_mail_is_parked_told_on_the_ticket_and_to_the_desk(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    ticket_id = desk.decide(a_message())
    desk.mailer.error = MailRefusedError("550 no such user")
    with store.write() as tx:
        desk.ledger.apply(tx, ticket_id, "test", mail(ticket_id=ticket_id))
    desk.perform()
    desk.mailer.error = None

    desk.clock.advance(timedelta(minutes=1))
    desk.perform()

    assert "job_parked" in desk.events(ticket_id)
    # The alert was refused too, being sent to the same server: it is parked, and makes no alert of its own.
    assert [state for _, state, _ in jobs(desk)] == ["parked", "parked"]


def test_an_alert_about_a_refused_mail_reaches_the_desk(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})

    class RefusingClients(type(desk.mailer)):  # type: ignore[misc]
        def send(self, envelope_from: str, recipients: list[str], content: bytes) -> None:
            if "li@owner.example" in recipients:
                raise MailRefusedError("550 no such user")
            super().send(envelope_from, recipients, content)

    desk.mailer.__class__ = RefusingClients
    with store.write() as tx:
        desk.ledger.apply(tx, None, "test", mail())
    desk.perform()

    assert [recipients for _, recipients, _ in desk.mailer.sent] == [["ops@faultdesk.example"]]


def test_a_clients_address_gets_only_so_many_automatic_mails_an_hour(store: SqlStore) -> None:
    desk = PlayedDesk(store, {}, hourly_cap=3)
    ticket_id = desk.decide(a_message())
    with store.write() as tx:
        for number in range(5):
            desk.ledger.apply(tx, ticket_id, "test", mail(f"m/{number}", ticket_id))
    desk.perform()

    assert len(desk.mailer.sent) == 3
    assert desk.events(ticket_id).count("mail_withheld") == 2


def test_the_desks_own_people_get_every_mail(store: SqlStore) -> None:
    desk = PlayedDesk(store, {}, hourly_cap=1)
    with store.write() as tx:
        for number in range(3):
            desk.ledger.apply(tx, None, "test", mail(f"m/{number}", internal=True))
    desk.perform()

    assert len(desk.mailer.sent) == 3


def test_a_crash_between_the_servers_250_and_the_receipt_sends_identical_octets(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    with store.write() as tx:
        desk.ledger.apply(tx, None, "test", mail())
    job_id = desk.engine.given.get()

    class Killed(BaseException):
        pass

    send = desk.mailer.send

    def send_then_die(envelope_from: str, recipients: list[str], content: bytes) -> None:
        send(envelope_from, recipients, content)
        raise Killed

    desk.mailer.send = send_then_die  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        attempt(desk, job_id)
    desk.mailer.send = send  # type: ignore[method-assign]
    attempt(desk, job_id)

    first, second = desk.mailer.sent
    assert first == second
    assert jobs(desk) == []


def test_what_another_began_while_we_were_stopped_is_not_done_twice(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    with store.write() as tx:
        desk.ledger.apply(tx, None, "test", mail())
    job_id = desk.engine.given.get()
    (begun,) = desk.performer.begin([job_id]).claimed
    desk.clock.advance(timedelta(seconds=9))
    attempt(desk, job_id)
    assert len(desk.mailer.sent) == 1

    desk.performer.perform(begun)

    assert len(desk.mailer.sent) == 1


def test_what_was_stopped_and_is_still_ours_is_done(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    with store.write() as tx:
        desk.ledger.apply(tx, None, "test", mail())
    (begun,) = desk.performer.begin([desk.engine.given.get()]).claimed
    desk.clock.advance(timedelta(hours=-1))

    desk.performer.perform(begun)

    assert len(desk.mailer.sent) == 1
    assert jobs(desk) == []


def test_a_job_that_kills_the_daemon_every_time_is_parked_in_the_end(store: SqlStore) -> None:
    class Killed(BaseException):
        pass

    def die(job: Job, desk: Desk) -> None:
        raise Killed

    desk = PlayedDesk(store, {}, {"test.die": die})
    put(desk, Job("test.die"))
    job_id = desk.engine.given.get()
    for _ in range(8):
        with pytest.raises(Killed):
            attempt(desk, job_id)

    attempt(desk, job_id)

    assert jobs(desk)[0] == ("test.die", "parked", 9)


def test_an_event_of_a_job_names_its_handler(store: SqlStore) -> None:
    def note(job: Job, desk: Desk) -> None:
        desk.record(job.ticket_id or 0, Event("noted"))

    desk = PlayedDesk(store, {}, {"test.note": note})
    ticket_id = desk.decide(a_message())
    put(desk, Job("test.note", ticket_id))
    desk.perform()

    assert ticket_id is not None
    with store.read() as tx:
        assert tx.tickets.events(ticket_id)[-1].actor == "test"


def test_a_parked_job_of_any_arguments_is_told(store: SqlStore) -> None:
    def refuse(job: Job, desk: Desk) -> None:
        raise PermanentError("never")

    desk = PlayedDesk(store, {}, {"crm.push": refuse})
    put(desk, Job("crm.push", arguments={"mail": "a@b"}))
    desk.perform()

    assert jobs(desk) == [("crm.push", "parked", 1)]
    assert len(desk.mailer.sent) == 1


def test_decisions_that_cannot_be_written_park_the_job_and_harm_no_other(store: SqlStore) -> None:
    def scribble(job: Job, desk: Desk) -> None:
        desk.record(job.ticket_id or 0, Event("noted", {"what": object()}))

    desk = PlayedDesk(store, {}, {"test.scribble": scribble})
    ticket_id = desk.decide(a_message())
    put(desk, Job("test.scribble", ticket_id))
    with store.write() as tx:
        desk.ledger.apply(tx, None, "test", mail())
    desk.perform()

    assert jobs(desk) == [("test.scribble", "parked", 1)]
    assert ["li@owner.example"] in [recipients for _, recipients, _ in desk.mailer.sent]


def test_what_fails_a_second_time_is_told_a_second_time(store: SqlStore) -> None:
    def refuse(job: Job, desk: Desk) -> None:
        raise PermanentError("never")

    desk = PlayedDesk(store, {}, {"test.refuse": refuse})
    put(desk, Job("test.refuse", name="again"))
    desk.perform()
    desk.clock.advance(timedelta(hours=1))
    put(desk, Job("test.refuse", name="again"))
    desk.perform()

    assert len(desk.mailer.sent) == 2
