"""A line 分类 in a mail: who may say what, and that nothing of it is dropped without a word."""

from collections.abc import Mapping
from typing import Any

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Classification, Event, FaultClass, Kind, Severity, Ticket
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk.reading import read_message
from faultdesk_dispatch import DispatchHandler
from pipeline.desk import PlayedDesk

CLIENT, ENGINEER = Address("client@owner.example", "Li Ming"), Address("duty@faultdesk.example", "Wang")


class Reads(Handler, frozen=True):
    @hookimpl
    def classify_message(self, message: InboundMessage) -> Classification:
        return Classification(
            kind=Kind.CONSULTATION,
            system="parking",
            severity=Severity.NORMAL,
            confidence=0.5,
            unsure=("kind",),
        )


@pytest.fixture
def desk(sqlite_store: SqlStore) -> PlayedDesk:
    handlers = {"reads": Reads(), "dispatch": DispatchHandler(duty=ENGINEER.address)}
    played = PlayedDesk(sqlite_store, handlers)
    assert played.decide(a_message()) == 1
    played.perform()
    return played


def answer(desk: PlayedDesk, text: str, sender: Address = CLIENT, **fields: Any) -> None:  # noqa: ANN401 - of a message
    known: dict[str, Any] = {
        "sender": sender,
        "subject": "Re: camera",
        "message_id": f"<{hash(text)}@owner.example>",
        "references": (desk.seal.message_id(1, "dispatch/1/1", "faultdesk.example"),),
    }
    desk.decide(a_message(text, **(known | fields)))


def ticket(desk: PlayedDesk) -> Ticket:
    with desk.store.read() as tx:
        return tx.tickets.get(1)


def event(desk: PlayedDesk, kind: str) -> Mapping[str, Any]:
    with desk.store.read() as tx:
        found: list[Event] = [one for one in tx.tickets.events(1) if one.kind == kind]
    return {**found[-1].data, "by": found[-1].actor}


@pytest.mark.parametrize(
    "line",
    [
        "分类：线路 监控 紧急",
        "　分类: 故障/线路　视频监控，紧急。",
        "分類 線路故障 閉路電視 緊急",
        "分类：线路 监控系统 紧急。谢谢！",
        "Class: fault/line CCTV high",
        "ＣＬＡＳＳ：ｌｉｎｅ　ｃｃｔｖ　ｕｒｇｅｎｔ",
    ],
)
def test_an_engineers_line_is_obeyed_whole(desk: PlayedDesk, line: str) -> None:
    answer(desk, f"看过了。\n{line}\n王工", ENGINEER)

    about = ticket(desk).classification
    assert (about.kind, about.fault_class, about.system) == (Kind.FAULT, FaultClass.LINE, "cctv")
    assert (about.severity, about.unsure) == (Severity.HIGH, ())
    assert event(desk, "reclassified") == {
        "inbox": 2,
        "labels": {"fault_class": "line", "kind": "fault", "system": "cctv", "severity": "high"},
        "role": "engineer",
        "by": ENGINEER.address,
    }


def test_a_client_says_what_it_is_and_that_it_is_less_urgent(desk: PlayedDesk) -> None:
    answer(desk, "分类：硬件 门禁 不急")

    about = ticket(desk).classification
    assert (about.fault_class, about.system, about.severity) == (
        FaultClass.HARDWARE,
        "access_control",
        Severity.LOW,
    )
    assert event(desk, "reclassified")["role"] == "client"


def test_what_a_client_finds_more_urgent_is_asked_of_the_desk(desk: PlayedDesk) -> None:
    answer(desk, "分类：门禁 特急")
    desk.perform()

    about = ticket(desk).classification
    assert (about.system, about.severity) == ("access_control", Severity.NORMAL)
    assert event(desk, "correction_asked") == {
        "inbox": 2,
        "labels": {"severity": "critical"},
        "by": CLIENT.address,
    }
    assert [to for _, to, _ in desk.mailer.sent if to == ["ops@faultdesk.example"]]


def test_a_client_who_insists_is_asked_for_once(desk: PlayedDesk) -> None:
    answer(desk, "class: critical")
    answer(desk, "please!\nclass: critical")

    assert desk.events(1).count("correction_asked") == 1


def test_what_the_desk_has_said_a_client_does_not_undo(desk: PlayedDesk) -> None:
    answer(desk, "class: line cctv", ENGINEER)

    answer(desk, "class: training cctv")

    assert (ticket(desk).classification.kind, event(desk, "correction_asked")["labels"]) == (
        Kind.FAULT,
        {"kind": "training"},
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"references": (), "subject": "Re: FD-2026-000001"}, "a reference proves nothing"),
        ({"sender": Address("new@owner.example")}, "took no part"),
        ({"robot": "an answer of a robot"}, "an answer of a robot"),
    ],
)
def test_who_may_not_say_so_is_refused_and_the_ticket_says_why(
    desk: PlayedDesk, fields: dict[str, Any], reason: str
) -> None:
    answer(desk, "class: line cctv", **fields)

    assert ticket(desk).classification.kind is Kind.CONSULTATION
    assert reason in event(desk, "correction_refused")["reason"]


@pytest.mark.parametrize(
    ("result", "is_obeyed"), [("dmarc=pass header.from=faultdesk.example", True), ("spf=softfail", False)]
)
def test_where_a_server_looks_a_colleague_must_be_proved(
    sqlite_store: SqlStore, result: str, *, is_obeyed: bool
) -> None:
    handlers = {"reads": Reads(), "dispatch": DispatchHandler(duty=ENGINEER.address)}
    desk = PlayedDesk(sqlite_store, handlers, authserv_ids=frozenset({"mx.faultdesk.example"}))
    desk.decide(a_message())
    desk.perform()
    found = f"Authentication-Results: mx.faultdesk.example; {result}\r\nFrom: {ENGINEER.address}\r\n\r\n"

    answer(desk, "class: line cctv", ENGINEER, authentication=read_message(found.encode()).authentication)

    assert ("reclassified" in desk.events(1)) is is_obeyed
    assert ("correction_refused" in desk.events(1)) is not is_obeyed


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("class: lien cctv", "lien: no kind, fault class, severity or name of a system"),
        ("分类：线路 门口那个", "门口那个: no kind"),
        ("分类：一般 紧急", "紧急: severity is normal already"),
    ],
)
def test_a_word_that_is_not_understood_is_named_and_nothing_is_changed(
    desk: PlayedDesk, line: str, reason: str
) -> None:
    answer(desk, line, ENGINEER)

    assert ticket(desk).classification.system == "parking"
    assert event(desk, "correction_not_understood")["reason"].startswith(reason)


@pytest.mark.parametrize(
    "text",
    [
        "I saw the class: line in your mail",
        "Class dismissed at four, come after.",
        "> 分类：线路 监控",
        "例如“分类：线路 监控”",
        "故障分类：线路",
        "分类目录在哪里",
    ],
)
def test_what_is_no_line_of_its_own_is_no_correction(desk: PlayedDesk, text: str) -> None:
    answer(desk, text, ENGINEER)

    assert not [kind for kind in desk.events(1) if kind.startswith(("reclassified", "correction"))]


def test_what_is_quoted_is_no_correction(desk: PlayedDesk) -> None:
    answer(desk, "thank you", ENGINEER, quoted="class: line cctv")

    assert "reclassified" not in desk.events(1)


def test_two_lines_are_read_as_one(desk: PlayedDesk) -> None:
    answer(desk, "class: line\nclass: cctv", ENGINEER)

    assert event(desk, "reclassified")["labels"] == {"kind": "fault", "fault_class": "line", "system": "cctv"}
