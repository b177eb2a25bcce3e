import threading
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Mail
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Participant, Role
from faultdesk.handlers.testing import NOON, a_message, a_ticket
from faultdesk.pipeline.fax_rules import FaxRules
from faultdesk.pipeline.ledger import SEND_FAX, SEND_MAIL
from faultdesk.pipeline.patience import patience
from faultdesk.pipeline.perform import Performer
from faultdesk.pipeline.send_fax import SendFax
from faultdesk.pipeline.send_mail import SendMail
from pipeline.desk import PlainPress, PlayedDesk

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOBILE, OFFICE = "+8613812345678", "+862088881111"
RULES = FaxRules(quiet_from=time(22), quiet_to=time(7), private_numbers=frozenset({"+862011112222"}))


def at(hour: int, day: int = 5) -> datetime:
    return datetime(2026, 3, day, hour, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("number", "now", "rings"),
    [
        (OFFICE, at(23), at(23)),
        (MOBILE, at(12), at(12)),
        (MOBILE, at(23), at(7, day=6).replace(minute=0)),
        (MOBILE, at(3), at(7).replace(minute=0)),
        ("+862011112222", at(23), at(7, day=6).replace(minute=0)),
    ],
)
def test_a_private_number_does_not_ring_at_night(number: str, now: datetime, rings: datetime) -> None:
    assert RULES.may_ring_at(number, now) == rings


def test_without_quiet_hours_every_number_rings_at_once() -> None:
    assert FaxRules().may_ring_at(MOBILE, at(3)) == at(3)


def a_desk(store: SqlStore, rules: FaxRules, client: str = "client@owner.example") -> PlayedDesk:
    desk = PlayedDesk(store, {})
    desk.decide(a_message(sender=Address(client)))
    desk.performer = Performer(
        store,
        desk.changes,
        desk.clock,
        lambda: {
            SEND_FAX: SendFax(store, PlainPress(), desk.fax_sender, desk.identity, rules),
            SEND_MAIL: SendMail(store, desk.mailer, desk.identity),
        },
        patience(threading.Event()),
    )
    return desk


def letters(desk: PlayedDesk, *numbers: str) -> None:
    with desk.store.write() as tx:
        for count, number in enumerate(numbers):
            to = (Address(f"fax:{number}"),)
            letter = Mail(name=f"l/{count}", ticket_id=1, to=to, subject="s", text="t", purpose="note")
            desk.ledger.apply(tx, 1, "test", letter)
    desk.perform()


def test_a_number_gets_only_so_many_automatic_faxes_an_hour(store: SqlStore) -> None:
    desk = a_desk(store, FaxRules(hourly_cap=2))

    letters(desk, OFFICE, OFFICE, OFFICE, MOBILE)

    assert sorted(number for number, _, _ in desk.fax_sender.sent) == [MOBILE, OFFICE, OFFICE]
    assert desk.events(1).count("mail_withheld") == 1


def test_what_may_not_ring_at_night_goes_by_mail_where_an_address_is_known(store: SqlStore) -> None:
    desk = a_desk(store, RULES)
    desk.clock.time = at(23)

    letters(desk, MOBILE)
    desk.clock.time = at(8, day=6)
    desk.perform()

    assert [recipients for _, recipients, _ in desk.mailer.sent] == [["client@owner.example"]]
    assert desk.fax_sender.sent == []


def test_what_is_one_fax_too_many_goes_by_mail(store: SqlStore) -> None:
    desk = a_desk(store, FaxRules(hourly_cap=1))

    with store.write() as tx:
        tx.tickets.add_participants(1, [Participant(Address("fax:+862088889999"), Role.CLIENT)])

    letters(desk, OFFICE, OFFICE)

    assert [number for number, _, _ in desk.fax_sender.sent] == [OFFICE]
    assert [recipients for _, recipients, _ in desk.mailer.sent] == [["client@owner.example"]]


def test_a_receipt_is_waited_for_half_an_hour_or_as_it_is_configured() -> None:
    ticket = a_ticket(deadlines=())

    assert FaxRules().patience(ticket, NOON) == timedelta(minutes=30)
    assert FaxRules(receipt_within=timedelta()).patience(ticket, NOON) == timedelta()


def test_a_fax_to_a_private_number_waits_for_the_morning(store: SqlStore) -> None:
    desk = a_desk(store, RULES, f"fax:{OFFICE}")
    desk.clock.time = at(23)

    letters(desk, MOBILE, OFFICE)
    assert [number for number, _, _ in desk.fax_sender.sent] == [OFFICE]
    assert "fax_put_off" in desk.events(1)

    desk.clock.time = at(7, day=6)
    desk.perform()
    assert [number for number, _, _ in desk.fax_sender.sent] == [OFFICE, MOBILE]
