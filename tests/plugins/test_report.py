"""The written report: what its pages tell, in whose language, and that the same ticket gives the same octets."""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest

from faultdesk.domain.client import Basis, Charge, Entitlement
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Channel, Language
from faultdesk.domain.people import People, Person
from faultdesk.domain.ticket import Classification, Deadline, Event, Facts, FaultClass, Kind, Ticket
from faultdesk.handlers.testing import NOON, FakeDesk, a_ticket
from faultdesk_report import Letterhead, ReportHandler

HOUR = timedelta(hours=1)
PEOPLE = People.of({"wang": Person(name="王建国", address="wang@faultdesk.example")})
DESK = Identity(name="弱电客户服务中心", address="service@faultdesk.example", people=PEOPLE)
RESOLVED = Event(
    "resolved",
    {
        "cause": "水晶头氧化",
        "method": "重做水晶头并测试",
        "recovered_at": "2026-03-05T15:30:00+08:00",
        "completed_at": "2026-03-05T08:00:00+00:00",
        "number": 1,
    },
    NOON + 4 * HOUR,
    "wang@faultdesk.example",
)
LOG = (
    Event("opened", {"noticed_at": NOON.isoformat()}, NOON),
    Event("assigned", {"engineer": "wang@faultdesk.example"}, NOON),
    Event("arrived", {"arrived_at": (NOON + HOUR).isoformat()}, NOON + HOUR, "wang@faultdesk.example"),
    RESOLVED,
)


def reported(ticket: Ticket, handler: ReportHandler | None = None, log: tuple[Event, ...] = LOG) -> Mail:
    return (handler or ReportHandler()).report(ticket, log, log[-1], DESK)


def text_of(mail: Mail) -> str:
    """Read the words of the PDF, with single blanks."""
    ran = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=mail.files[0].content, check=True, capture_output=True
    )
    return re.sub(r"[ \n\f]+", " ", ran.stdout.decode())


@pytest.mark.parametrize("language", Language)
def test_the_report_tells_cause_method_and_every_time(language: Language) -> None:
    visit = Deadline("on_site", NOON, NOON + 24 * HOUR, NOON + HOUR, "arrived")

    mail = reported(a_ticket(language=language, deadlines=(visit,)))

    for told in (
        "FD-2026-000123-R1",
        "水晶头氧化",
        "重做水晶头并测试",
        "2026-03-05 12:00",
        "2026-03-05 13:00",
        "2026-03-05 15:30",
        "2026-03-05 16:00",
        "王建国",
    ):
        assert told in text_of(mail)


def test_the_mail_tells_the_same_in_short_answers_the_client_and_is_no_robots() -> None:
    mail = reported(a_ticket())

    assert mail.to == (Address("client@owner.example", "Li Ming"),)
    assert mail.in_reply_to == "<notice@owner.example>"
    assert not mail.automatic
    assert "水晶头氧化" in mail.text
    assert mail.files[0].name == "故障处理报告 FD-2026-000123-R1.pdf"


def test_the_same_ticket_gives_the_same_octets() -> None:
    assert reported(a_ticket()) == reported(a_ticket(), ReportHandler())


def test_it_is_an_archives_pdf() -> None:
    content = reported(a_ticket()).files[0].content

    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in content


@pytest.mark.parametrize(
    ("language", "charge", "parts"),
    [
        (Language.ZH_HANS, "保修期内，只收成本费", "水晶头 2 个"),
        (Language.ZH_HANT, "保固期內，只收成本費", "水晶頭 2 個"),
        (Language.EN, "in warranty, at cost price", "2 plugs"),
    ],
)
def test_it_tells_who_pays_by_which_contract_and_what_was_used(
    language: Language, charge: str, parts: str
) -> None:
    owed = Entitlement(
        basis=Basis.WARRANTY, charge=Charge.AT_COST, contract="YH-1", client="某大厦", project="二期"
    )
    resolved = Event("resolved", {**RESOLVED.data, "parts": parts}, RESOLVED.at, RESOLVED.actor)

    text = text_of(reported(a_ticket(language=language, entitlement=owed), log=(*LOG[:-1], resolved)))

    for told in (charge, "YH-1", "某大厦 / Li Ming", "二期", parts):
        assert told in text


@pytest.mark.parametrize(
    ("language", "system"), [(Language.ZH_HANS, "门禁"), (Language.EN, "access control")]
)
def test_it_tells_what_was_broken_and_where(language: Language, system: str) -> None:
    about = Classification(
        kind=Kind.FAULT, system="access_control", facts=Facts(location="北门", device="DS-K1T671 一体机")
    )

    text = text_of(reported(a_ticket(language=language, classification=about)))

    for told in (system, "北门", "DS-K1T671 一体机"):
        assert told in text


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", Language)
def test_an_ordinary_report_is_one_page_with_room_to_sign(language: Language, channel: Channel) -> None:
    told = {
        **RESOLVED.data,
        "cause": "端口的水晶头氧化，雷雨后受潮。" * 5,
        "method": "重做并测试，画面恢复。" * 7,
    }
    log = (*LOG[:-1], Event("accepted", {}, NOON), Event("resolved", told, RESOLVED.at, RESOLVED.actor))
    owed = Entitlement(basis=Basis.WARRANTY, charge=Charge.FREE, contract="YH-1", client="某大厦物业")
    about = Classification(kind=Kind.FAULT, system="cctv", facts=Facts(location="三层", device="摄像机"))
    head = Letterhead(rows=("广州市天河区体育东路 1 号", "传真 020-8756 1235"))
    ticket = a_ticket(language=language, channel=channel, entitlement=owed, classification=about)

    mail = reported(ticket, ReportHandler(letterhead=head), log)

    with pypdfium2.PdfDocument(mail.files[0].content) as document:
        assert len(document) == 1


@pytest.mark.parametrize("owed", [None, Entitlement(basis=Basis.UNKNOWN, charge=Charge.QUOTATION)])
def test_what_nobody_knows_of_the_charge_is_not_told_to_the_client(owed: Entitlement | None) -> None:
    mail = reported(a_ticket(entitlement=owed))

    assert "收费" not in mail.text + text_of(mail)


def test_a_charge_that_a_person_has_said_is_told_on_any_basis() -> None:
    owed = Entitlement(basis=Basis.UNKNOWN, charge=Charge.AT_COST)
    said = Event("entitled", {}, NOON, "operator")

    mail = reported(a_ticket(entitlement=owed), log=(LOG[0], said, *LOG[1:]))

    assert "收费依据 只收成本费" in text_of(mail)


def test_a_visit_that_nobody_made_is_told_as_none() -> None:
    assert "到场时间 远程处理，未到场" in text_of(reported(a_ticket(), log=(*LOG[:2], RESOLVED)))


def test_who_came_after_the_recovery_or_without_a_clock_came_all_the_same() -> None:
    restored = Event("restored", {"recovered_at": NOON.isoformat()}, NOON, "wang@faultdesk.example")
    visit = Deadline("on_site", NOON, NOON + 24 * HOUR, NOON, "resolved")

    text = text_of(reported(a_ticket(deadlines=(visit,)), log=(*LOG[:2], restored, *LOG[2:])))

    assert "到场时间 2026-03-05 13:00" in text


def test_an_arrival_of_the_visit_before_is_not_that_of_this_one() -> None:
    again = Event("resolved", {**RESOLVED.data, "number": 2}, NOON + 30 * HOUR, "wang@faultdesk.example")

    text = text_of(reported(a_ticket(), log=(*LOG, Event("reopened", {"reason": "又坏了"}, NOON), again)))

    assert "远程处理，未到场" in text


def test_waiting_and_reopening_are_told_with_their_reasons_and_nothing_internal_is() -> None:
    more = (
        Event("waiting", {"reason": "机房钥匙"}, NOON + HOUR, "wang@faultdesk.example"),
        Event("noted", {"text": "这客户很难缠"}, NOON + HOUR, "wang@faultdesk.example"),
        Event("escalated", {"clock": "response"}, NOON + HOUR, "sla"),
        RESOLVED,
        Event("reopened", {"reason": "又坏了"}, NOON + 30 * HOUR, "client@owner.example"),
        Event("resolved", {**RESOLVED.data, "number": 2}, NOON + 31 * HOUR, "wang@faultdesk.example"),
    )

    text = text_of(reported(a_ticket(), log=(*LOG[:-1], *more)))

    assert "等待客户：机房钥匙" in text
    assert "客户反映未修好，重新处理：又坏了" in text
    assert "FD-2026-000123-R2" in text
    assert "难缠" not in text
    assert "escalat" not in text


def test_a_long_story_breaks_over_pages_with_the_tables_head_on_each() -> None:
    waits = [
        Event(kind, {"reason": "钥匙"}, NOON + timedelta(minutes=10 * number), "wang@faultdesk.example")
        for number in range(60)
        for kind in ("waiting", "resumed")
    ]
    told = {**RESOLVED.data, "cause": "线路接头锈蚀，衰耗超标。" * 60, "method": "逐段检查并更换。\n" * 40}
    log = (*LOG[:-1], *waits, Event("resolved", told, RESOLVED.at, RESOLVED.actor))

    mail = reported(a_ticket(), log=log)

    pages = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=mail.files[0].content, check=True, capture_output=True
    ).stdout.decode()
    *tables, _ = [page for page in pages.split("\f") if "等待客户" in page]
    assert len(tables) >= 2
    assert all(re.search(r"时间\s+事项\s+经办", page) for page in tables)


def test_words_are_set_as_they_stand_and_never_as_markup() -> None:
    told = {
        **RESOLVED.data,
        "cause": '#read("/etc/passwd") *bold* $x$ <label> \x07\u202e',
        "method": "A" * 5000,
    }

    text = text_of(reported(a_ticket(), log=(*LOG[:-1], Event("resolved", told, NOON, "x"))))

    assert '#read("/etc/passwd") *bold* $x$ <label>' in text


def test_a_letter_that_no_font_has_stops_no_report_and_is_marked() -> None:
    told = {**RESOLVED.data, "cause": "门禁 สาย坏了 𓀀", "method": "换新"}

    mail = reported(a_ticket(), log=(*LOG[:-1], Event("resolved", told, NOON, "x")))

    assert "门禁 〓〓〓坏了 〓" in text_of(mail)
    assert "สาย" in mail.text


@pytest.mark.parametrize("cause", ["步骤 1️⃣ 重启", "cafe\u1dc4 n\u20e3", "1 2 3 size fonts 4️⃣"])
def test_a_sign_on_a_plain_letter_that_no_font_has_is_marked_and_the_letter_stays_elsewhere(
    cause: str,
) -> None:
    told = {**RESOLVED.data, "cause": cause}

    text = text_of(reported(a_ticket(), log=(*LOG[:-1], Event("resolved", told, NOON, "x"))))

    assert "FD-2026-000123-R1" in text
    assert "2026-03-05 12:00" in text


def test_a_faxed_report_is_large_black_and_says_so() -> None:
    ticket = a_ticket(channel=Channel.FAX, requester=Address("fax:+862088881111"))

    mail = reported(ticket)

    assert "+862088881111" in text_of(mail)
    assert "传真回复并写上编号" in mail.text
    assert not has_colour(mail)
    assert has_colour(reported(a_ticket()))


def has_colour(mail: Mail) -> bool:
    with pypdfium2.PdfDocument(mail.files[0].content) as document:
        drawn = document[0].render(scale=1).to_pil().convert("RGB")
    return any(len(set(colour)) > 1 for _, colour in drawn.getcolors(drawn.width * drawn.height))


def test_the_letterhead_is_the_operators(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    (tmp_path / "report.typ").write_bytes(
        (Path(__file__).parents[2] / "plugins/faultdesk_report/templates/report.typ").read_bytes()
    )
    head = Letterhead(name="远恒智能", rows=("科韵路 16 号",), logo="logo.svg")

    text = text_of(reported(a_ticket(), ReportHandler(templates=tmp_path, letterhead=head)))

    assert "远恒智能" in text
    assert "科韵路 16 号" in text


def test_a_font_that_is_not_installed_is_told_before_it_is_needed() -> None:
    (told,) = ReportHandler(fonts=("No Such Font",)).look_ahead()

    assert "the font No Such Font is not installed" in told
    assert list(ReportHandler().look_ahead()) == []


def test_a_logo_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"report\.typ is no file"):
        ReportHandler(letterhead=Letterhead(logo="x.png"))


def test_a_resolution_has_the_report_written_and_sent() -> None:
    ticket = a_ticket(classification=Classification(kind=Kind.FAULT, fault_class=FaultClass.LINE))
    desk = FakeDesk(ticket)
    desk.recorded = [(1, event) for event in LOG]

    (job,) = ReportHandler().ticket_changed(ticket, RESOLVED)
    assert isinstance(job, Job)
    ReportHandler().write(job, desk)

    assert desk.sent[0].purpose == "report"
    assert "线路故障" in text_of(desk.sent[0])


def test_nothing_is_reported_of_other_changes() -> None:
    assert ReportHandler().ticket_changed(a_ticket(), Event("answered")) == []


def test_a_client_without_address_is_noted() -> None:
    (event,) = ReportHandler().ticket_changed(a_ticket(requester=Address("")), RESOLVED)

    assert isinstance(event, Event)
    assert event.kind == "mail_withheld"
