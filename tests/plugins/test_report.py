from datetime import timedelta

import pytest

from faultdesk.domain.client import Basis, Charge, Entitlement
from faultdesk.domain.decision import Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Language
from faultdesk.domain.ticket import Deadline, Event
from faultdesk.handlers.testing import NOON, a_ticket
from faultdesk_report import ReportHandler

DESK = Identity(name="弱电客户服务中心", address="service@faultdesk.example")
RESOLVED = Event(
    "resolved",
    {
        "cause": "水晶头氧化",
        "method": "重做水晶头并测试",
        "recovered_at": "2026-03-05T15:30:00+08:00",
        "completed_at": "2026-03-05T08:00:00+00:00",
        "number": 1,
    },
)


@pytest.mark.parametrize("language", Language)
def test_the_report_tells_cause_method_recovery_and_completion(language: Language) -> None:
    (mail,) = ReportHandler().ticket_changed(a_ticket(language=language), RESOLVED, DESK)

    assert isinstance(mail, Mail)
    for told in (
        "FD-2026-000123-R1",
        "水晶头氧化",
        "重做水晶头并测试",
        "2026-03-05 15:30",
        "2026-03-05 16:00",
    ):
        assert told in mail.text


def test_it_answers_the_clients_message_and_is_no_robots_mail() -> None:
    (mail,) = ReportHandler().ticket_changed(a_ticket(), RESOLVED, DESK)

    assert isinstance(mail, Mail)
    assert mail.to == (Address("client@owner.example", "Li Ming"),)
    assert mail.in_reply_to == "<notice@owner.example>"
    assert not mail.automatic


@pytest.mark.parametrize("language", Language)
def test_who_sent_a_fax_is_told_to_fax_again(language: Language) -> None:
    ticket = a_ticket(language=language, requester=Address("fax:+862088881111"))

    (mail,) = ReportHandler().ticket_changed(ticket, RESOLVED, DESK)

    assert isinstance(mail, Mail)
    assert "fax:" not in mail.text
    assert "+862088881111" in mail.text
    assert not any(word in mail.text for word in ("this mail", "邮件", "郵件"))


def test_nothing_is_reported_of_other_changes() -> None:
    assert ReportHandler().ticket_changed(a_ticket(), Event("answered"), DESK) == []


def test_a_client_without_address_is_noted() -> None:
    (event,) = ReportHandler().ticket_changed(a_ticket(requester=Address("")), RESOLVED, DESK)

    assert isinstance(event, Event)
    assert event.kind == "mail_withheld"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.ZH_HANS, "收费依据：保修期内，只收成本费（合同 YH-1）"),
        (Language.ZH_HANT, "收費依據：保固期內，只收成本費（合約 YH-1）"),
        (Language.EN, "Charge:    in warranty, at cost price (contract YH-1)"),
    ],
)
def test_the_report_tells_who_pays_and_when_somebody_came(language: Language, said: str) -> None:
    owed = Entitlement(basis=Basis.WARRANTY, charge=Charge.AT_COST, contract="YH-1")
    visit = Deadline("on_site", NOON, NOON + timedelta(days=1), NOON + timedelta(hours=3), "arrived")
    ticket = a_ticket(language=language, entitlement=owed, deadlines=(visit,))

    (mail,) = ReportHandler().ticket_changed(ticket, RESOLVED, DESK)

    assert isinstance(mail, Mail)
    assert said in mail.text
    assert "2026-03-05 15:00" in mail.text


@pytest.mark.parametrize("owed", [None, Entitlement(basis=Basis.UNKNOWN, charge=Charge.QUOTATION)])
def test_what_nobody_knows_of_the_charge_is_not_told_to_the_client(owed: Entitlement | None) -> None:
    (mail,) = ReportHandler().ticket_changed(a_ticket(entitlement=owed), RESOLVED, DESK)

    assert isinstance(mail, Mail)
    assert "收费" not in mail.text
    assert "到场" not in mail.text
