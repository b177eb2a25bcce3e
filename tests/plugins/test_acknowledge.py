from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from faultdesk.config.playbooks import load_playbooks
from faultdesk.domain.decision import Mail
from faultdesk.domain.fax import Fax, Page, Reception
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Attachment, Language
from faultdesk.domain.people import People, Person
from faultdesk.domain.ticket import (
    Classification,
    Deadline,
    Event,
    Facts,
    FaultClass,
    Kind,
    Participant,
    Role,
    Severity,
    Status,
)
from faultdesk.handlers.testing import NOON, a_message, a_ticket
from faultdesk_acknowledge import AcknowledgeHandler

PEOPLE = People.of({"wang": Person(name="王工", address="wang@faultdesk.example", phone="+86 138 0000 0001")})
DESK = Identity(
    name="弱电客户服务中心",
    address="service@faultdesk.example",
    people=PEOPLE,
    playbooks=load_playbooks(None),
)
TICKET = a_ticket(
    subject="三号门不开",
    classification=Classification(kind=Kind.FAULT, fault_class=FaultClass.LINE, system="access_control"),
    deadlines=(
        Deadline("response", NOON, NOON + timedelta(hours=2)),
        Deadline("on_site", NOON, NOON + timedelta(hours=24)),
    ),
)
ACKNOWLEDGE = AcknowledgeHandler()


def acknowledge(language: Language = Language.ZH_HANS) -> Mail:
    (mail,) = ACKNOWLEDGE.ticket_opened(TICKET, a_message(language=language), DESK)
    assert isinstance(mail, Mail)
    return mail


def test_an_acknowledgement_tells_number_class_and_both_deadlines_as_local_times() -> None:
    mail = acknowledge()

    assert mail.subject == "[FD-2026-000123] 已受理：三号门不开"
    for told in ("FD-2026-000123", "线路故障", "门禁", "2026-03-05 14:00", "2026-03-06 12:00", "插头"):
        assert told in mail.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.ZH_HANS, "我们的承诺"),
        (Language.ZH_HANT, "我們的承諾"),
        (Language.EN, "What we promise"),
        (Language.MIXED, "我们的承诺"),
    ],
)
def test_a_client_is_answered_in_its_language(language: Language, words: str) -> None:
    assert words in acknowledge(language).text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.ZH_HANS, "很抱歉问题仍未解决"),
        (Language.ZH_HANT, "很抱歉問題仍未解決"),
        (Language.EN, "We are sorry"),
    ],
)
def test_who_says_that_it_is_not_fixed_is_told_that_it_is_taken_up_again(
    language: Language, told: str
) -> None:
    message = a_message("还是没修好", id=9, language=language)

    (mail,) = ACKNOWLEDGE.message_added(TICKET, message, DESK, "reopened")

    assert isinstance(mail, Mail)
    assert told in mail.text
    assert "2026-03-06 12:00" in mail.text
    assert "FD-2026-000123" in mail.subject


def test_who_says_after_the_report_that_all_is_well_needs_no_answer() -> None:
    resolved = replace(TICKET, status=Status.RESOLVED)

    (event,) = ACKNOWLEDGE.message_added(resolved, a_message("Thanks a lot, all fine now."), DESK, "")

    assert isinstance(event, Event)
    assert event.kind == "mail_withheld"


def test_it_goes_to_whoever_wants_the_answer_and_stays_in_the_thread() -> None:
    message = a_message(reply_to=(Address("office@owner.example"),), references=("<earlier@owner.example>",))

    (mail,) = ACKNOWLEDGE.ticket_opened(TICKET, message, DESK)

    assert isinstance(mail, Mail)
    assert mail.to == (Address("office@owner.example"),)
    assert mail.in_reply_to == "<notice@owner.example>"
    assert mail.references == ("<earlier@owner.example>",)


@pytest.mark.parametrize("language", [Language.ZH_HANS, Language.ZH_HANT, Language.EN])
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("fault_class", [None, *FaultClass])
def test_every_class_has_its_words_in_every_language(
    language: Language, kind: Kind, fault_class: FaultClass | None
) -> None:
    about = Classification(kind=kind, fault_class=fault_class, severity=Severity.LOW, system="a new system")
    ticket = a_ticket(classification=about, deadlines=())

    (mail,) = ACKNOWLEDGE.ticket_opened(ticket, a_message(language=language), DESK)

    assert isinstance(mail, Mail)
    assert ticket.reference in mail.text


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"automatic": "List-Id (RFC 2919)"}, "automatic: List-Id (RFC 2919)"),
        ({"sender": Address("service@faultdesk.example")}, "it would go to the desk itself"),
    ],
)
def test_where_an_answer_would_do_harm_the_ticket_says_why_there_is_none(
    fields: dict[str, object], reason: str
) -> None:
    (event,) = ACKNOWLEDGE.ticket_opened(TICKET, a_message(**fields), DESK)  # type: ignore[arg-type]

    assert event == Event("mail_withheld", {"purpose": "acknowledgement", "reason": reason})


def test_an_advert_is_not_answered() -> None:
    ticket = a_ticket(classification=Classification(unsolicited=True))

    (event,) = ACKNOWLEDGE.ticket_opened(ticket, a_message(), DESK)

    assert isinstance(event, Event)
    assert "unsolicited" in event.data["reason"]


def test_a_clients_addition_is_confirmed() -> None:
    (mail,) = ACKNOWLEDGE.message_added(TICKET, a_message(id=2), DESK, "")

    assert isinstance(mail, Mail)
    assert "补充已收到" in mail.subject


@pytest.mark.parametrize("text", ["谢谢！", "Thank you very much.", "收到，辛苦了"])
def test_thanks_alone_are_not_confirmed_and_the_ticket_says_why(text: str) -> None:
    (event,) = ACKNOWLEDGE.message_added(TICKET, a_message(text), DESK, "")

    assert event == Event(
        "mail_withheld", {"purpose": "acknowledgement", "reason": "the addition changes nothing"}
    )


def test_thanks_with_a_photo_are_confirmed_with_what_is_on_record() -> None:
    photo = (Attachment("a.jpg", "image/jpeg", 1),)

    (mail,) = ACKNOWLEDGE.message_added(TICKET, a_message("谢谢", attachments=photo), DESK, "")

    assert isinstance(mail, Mail)
    assert "目前登记：故障报修（线路故障），门禁，一般。" in mail.text
    assert "如需到场：2026-03-06 12:00" in mail.text


@pytest.mark.parametrize(
    ("language", "who"),
    [
        (Language.ZH_HANS, "负责工程师：王工，电话 +86 138 0000 0001"),
        (Language.ZH_HANT, "負責工程師：王工，電話 +86 138 0000 0001"),
        (Language.EN, "Engineer in charge: 王工, +86 138 0000 0001"),
    ],
)
def test_the_client_is_told_who_is_on_it_and_how_to_reach_them(language: Language, who: str) -> None:
    ticket = replace(TICKET, engineer=Address("wang@faultdesk.example"))

    (mail,) = ACKNOWLEDGE.ticket_opened(ticket, a_message(language=language), DESK)

    assert isinstance(mail, Mail)
    assert who in mail.text


def test_what_is_missing_is_asked_once_in_one_list_and_nothing_that_was_told() -> None:
    about = replace(TICKET.classification, facts=Facts(phone="13800138000"))

    (asked,) = ACKNOWLEDGE.ticket_opened(replace(TICKET, classification=about), a_message(), DESK)
    (added,) = ACKNOWLEDGE.message_added(TICKET, a_message("四号门也不开"), DESK, "")

    assert isinstance(asked, Mail)
    assert isinstance(added, Mail)
    assert "烦请告知" in asked.text
    assert "线路两端的位置" in asked.text
    assert "联系人和电话" not in asked.text
    assert "烦请告知" not in added.text


def test_of_a_question_nothing_is_asked_and_no_first_aid_given() -> None:
    ticket = a_ticket(classification=Classification(kind=Kind.CONSULTATION))

    (mail,) = ACKNOWLEDGE.ticket_opened(ticket, a_message(), DESK)

    assert isinstance(mail, Mail)
    assert "烦请告知" not in mail.text
    assert "建议您" not in mail.text


def test_an_engineers_mail_is_not_confirmed() -> None:
    ticket = a_ticket(participants=(Participant(Address("wang@faultdesk.example"), Role.ENGINEER),))

    assert (
        ACKNOWLEDGE.message_added(ticket, a_message(sender=Address("wang@faultdesk.example")), DESK, "") == []
    )


def test_an_operators_template_takes_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    (tmp_path / "opened.en.txt").write_text(
        "Subject: Hello {{ ticket.reference }}\n\nOurs.\n", encoding="utf-8"
    )
    handler = AcknowledgeHandler(templates=tmp_path)

    (english,) = handler.ticket_opened(TICKET, a_message(language=Language.EN), DESK)
    (chinese,) = handler.ticket_opened(TICKET, a_message(language=Language.ZH_HANS), DESK)

    assert isinstance(english, Mail)
    assert isinstance(chinese, Mail)
    assert (english.subject, english.text) == ("Hello FD-2026-000123", "Ours.\n")
    assert "已受理" in chinese.subject


def test_a_part_that_could_not_be_read_is_told_to_the_client() -> None:
    (mail,) = ACKNOWLEDGE.ticket_opened(TICKET, a_message(problems=("too large",)), DESK)

    assert isinstance(mail, Mail)
    assert "未能读出" in mail.text


def test_a_fax_of_which_all_was_read_is_not_called_unreadable() -> None:
    told = ("nobody told a number that the fax could be answered at",)
    whole = a_message(fax=a_fax(Page(number=1)), problems=told)
    doubtful = a_message(fax=a_fax(Page(number=1, unread=2)), problems=told)

    said = [ACKNOWLEDGE.ticket_opened(TICKET, message, DESK)[0] for message in (whole, doubtful)]

    assert [
        "could not" in mail.text or "未能读出" in mail.text for mail in said if isinstance(mail, Mail)
    ] == [
        False,
        True,
    ]


def a_fax(*pages: Page, complete: bool = True) -> Fax:
    return Fax(reception=Reception(gateway="office", is_complete=complete), pages=pages)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.ZH_HANS, "请重新发送"),
        (Language.ZH_HANT, "請重新傳送"),
        (Language.EN, "Please send it again"),
    ],
)
def test_who_sent_a_fax_that_came_in_part_is_asked_to_send_it_again(language: Language, words: str) -> None:
    message = a_message(language=language, fax=a_fax(Page(number=1), complete=False))

    (mail,) = ACKNOWLEDGE.ticket_opened(TICKET, message, DESK)

    assert isinstance(mail, Mail)
    assert words in mail.text


def test_who_sent_a_whole_fax_is_told_how_to_answer_by_fax() -> None:
    (mail,) = ACKNOWLEDGE.ticket_opened(TICKET, a_message(fax=a_fax(Page(number=1))), DESK)

    assert isinstance(mail, Mail)
    assert "传真回复并写上编号 FD-2026-000123" in mail.text
    assert "请重新发送" not in mail.text


@pytest.mark.parametrize("language", Language)
def test_who_sent_a_fax_is_not_told_to_answer_a_mail(language: Language) -> None:
    message = a_message(language=language, fax=a_fax(Page(number=1)))
    ticket = a_ticket(
        language=language, classification=Classification(kind=Kind.FAULT, fault_class=FaultClass.UNKNOWN)
    )

    answers = [
        *ACKNOWLEDGE.ticket_opened(ticket, message, DESK),
        *ACKNOWLEDGE.message_added(ticket, message, DESK, ""),
    ]

    for mail in answers:
        assert isinstance(mail, Mail)
        assert not any(word in mail.text for word in ("this mail", "new mail", "邮件", "郵件"))


def test_a_junk_fax_is_not_answered_by_a_call() -> None:
    ticket = a_ticket(classification=Classification(kind=Kind.OTHER, confidence=0.9))

    (event,) = ACKNOWLEDGE.ticket_opened(ticket, a_message(fax=a_fax(Page(number=1))), DESK)

    assert isinstance(event, Event)
    assert event.kind == "mail_withheld"


def test_a_fax_that_could_not_be_read_is_answered() -> None:
    ticket = a_ticket(classification=Classification(kind=Kind.OTHER, confidence=0.9))

    (mail,) = ACKNOWLEDGE.ticket_opened(ticket, a_message(fax=a_fax(Page(number=1, problem="damaged"))), DESK)

    assert isinstance(mail, Mail)
