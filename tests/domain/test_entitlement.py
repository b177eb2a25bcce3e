from datetime import date, timedelta

import msgspec
import pytest

from faultdesk.domain.client import AgreedSpans, Basis, Charge, Client, Contract, Entitlement, Period, Project
from faultdesk.domain.entitlement import Known, Named, entitle
from faultdesk.domain.ticket import FaultClass

TODAY = date(2026, 3, 5)
VALID, PAST = Period(date(2026, 1, 1), date(2026, 12, 31)), Period(date(2024, 1, 1), date(2025, 12, 31))


def a_client(*contracts: Contract, name: str = "滨江物业") -> Client:
    return Client(
        name=name,
        projects=(Project(name="滨江广场", sites=("滨江中心",), branch="广州", contracts=contracts),),
    )


def judged(client: Client, named: Named = Named(), *, on: date = TODAY) -> Entitlement:  # noqa: B008
    return entitle([Known(client, "domain b.example")], [], named, on)


@pytest.mark.parametrize(
    ("contract", "basis", "charge"),
    [
        (Contract(number="1", warranty=VALID), Basis.WARRANTY, Charge.FREE),
        (Contract(number="1", warranty=PAST, maintenance=VALID), Basis.MAINTENANCE, Charge.CONTRACT),
        (Contract(number="1", warranty=VALID, maintenance=VALID), Basis.WARRANTY, Charge.FREE),
        (Contract(number="1", warranty=PAST), Basis.LAPSED, Charge.QUOTATION),
        (Contract(number="1", warranty=PAST, maintenance=PAST), Basis.LAPSED, Charge.QUOTATION),
    ],
)
def test_the_contract_of_the_day_says_who_pays(contract: Contract, basis: Basis, charge: Charge) -> None:
    verdict = judged(a_client(contract))

    assert (verdict.basis, verdict.charge, verdict.contract) == (basis, charge, "1")
    assert (verdict.client, verdict.project, verdict.branch) == ("滨江物业", "滨江广场", "广州")
    assert verdict.evidence == ("domain b.example",)
    assert verdict.doubts == ()


@pytest.mark.parametrize(("day", "is_valid"), [(1, True), (31, True), (0, False), (32, False)])
def test_the_first_and_the_last_day_are_in_it(day: int, *, is_valid: bool) -> None:
    contract = Contract(number="1", warranty=Period(date(2026, 3, 1), date(2026, 3, 31)))
    on = date.fromordinal(date(2026, 3, 1).toordinal() + day - 1)

    assert (judged(a_client(contract), on=on).basis is Basis.WARRANTY) == is_valid


def test_what_the_client_broke_itself_is_repaired_at_cost_in_warranty_only() -> None:
    misused = Named(fault_class=FaultClass.MISOPERATION)

    assert judged(a_client(Contract(number="1", warranty=VALID)), misused).charge is Charge.AT_COST
    assert judged(a_client(Contract(number="1", maintenance=VALID)), misused).charge is Charge.CONTRACT


@pytest.mark.parametrize(
    "text",
    [
        "道闸被货车撞断",
        "光缆给施工队挖断了",
        "地下室机房进水，交换机全灭",
        "昨晚打雷后摄像机全黑",
        "閘桿被車撞彎",
        "The barrier was hit by a truck.",
        "Lightning last night, all cameras dark",
    ],
)
def test_damage_from_outside_is_a_doubt_in_warranty(text: str) -> None:
    verdict = judged(a_client(Contract(number="1", warranty=VALID)), Named(text=text))

    assert verdict.charge is Charge.FREE
    assert any(doubt.startswith("damage from outside") for doubt in verdict.doubts)
    assert judged(a_client(Contract(number="1", maintenance=VALID)), Named(text=text)).doubts == ()


@pytest.mark.parametrize(
    "text",
    [
        "摄像机黑屏，重启无效",
        "门禁刷卡没反应，被锁在外面",
        "广播没声音，水压正常",
        "The camera is dark since the fire drill",
    ],
)
def test_an_ordinary_fault_is_no_damage_from_outside(text: str) -> None:
    assert judged(a_client(Contract(number="1", warranty=VALID)), Named(text=text)).doubts == ()


@pytest.mark.parametrize(("basis", "holds"), [("warranty", True), ("lapsed", False)])
def test_what_has_ended_promises_no_spans_and_no_engineer(basis: str, *, holds: bool) -> None:
    contract = Contract(
        number="1",
        warranty=VALID if basis == "warranty" else PAST,
        spans={"all": AgreedSpans(timedelta(hours=8))},
        calendar="office",
        engineer="wang@desk.example",
    )

    verdict = judged(a_client(contract))

    assert (bool(verdict.spans), verdict.calendar, verdict.engineer) == (
        (True, "office", "wang@desk.example") if holds else (False, "", "")
    )


@pytest.mark.parametrize(
    "contract", [Contract(number="1"), Contract(number="1", warranty=Period(date(2027, 1, 1)))]
)
def test_a_contract_that_neither_runs_nor_has_ended_says_nothing(contract: Contract) -> None:
    verdict = judged(a_client(contract))

    assert verdict.basis is Basis.UNKNOWN
    assert verdict.doubts == ("neither runs nor has ended on that day: 1",)


def test_a_valid_contract_goes_before_one_that_has_lapsed() -> None:
    verdict = judged(a_client(Contract(number="1", warranty=PAST), Contract(number="2", maintenance=VALID)))

    assert (verdict.basis, verdict.contract, verdict.doubts) == (Basis.MAINTENANCE, "2", ())


def test_two_contracts_of_different_kinds_are_named_and_not_chosen_from() -> None:
    verdict = judged(a_client(Contract(number="1", warranty=VALID), Contract(number="2", maintenance=VALID)))

    assert verdict.basis is Basis.UNKNOWN
    assert verdict.doubts == ("several contracts match: 1, 2",)


def test_two_contracts_of_one_kind_tell_who_pays_and_are_named() -> None:
    verdict = judged(a_client(Contract(number="1", warranty=VALID), Contract(number="2", warranty=VALID)))

    assert (verdict.basis, verdict.contract) == (Basis.WARRANTY, "")
    assert verdict.doubts == ("several contracts match: 1, 2",)


def test_a_contract_that_the_text_names_is_the_one_however_it_is_spelt() -> None:
    client = a_client(Contract(number="YH-2025-018", warranty=VALID), Contract(number="2", maintenance=VALID))

    assert judged(client, Named(contract="yh2025 018")).contract == "YH-2025-018"


def test_a_contract_that_is_none_of_the_clients_is_told() -> None:
    verdict = judged(a_client(Contract(number="1", warranty=VALID)), Named(contract="77"))

    assert (verdict.basis, verdict.doubts) == (Basis.WARRANTY, ("contract 77 is none of its",))


def test_a_client_on_two_projects_is_asked_for_unless_the_text_tells() -> None:
    client = Client(
        name="A",
        projects=(
            Project(name="东区", contracts=(Contract(number="1", warranty=VALID),)),
            Project(name="西区", contracts=(Contract(number="2", warranty=PAST),)),
        ),
    )

    assert judged(client).doubts == ("which of its projects: 东区, 西区",)
    assert judged(client, Named(places=("西 区",))).basis is Basis.LAPSED
    assert judged(client, Named(contract="1")).project == "东区"


@pytest.mark.parametrize(
    ("words", "project"),
    [
        ("门诊楼三楼", "门诊楼"),
        ("请到 门诊楼 看看", "门诊楼"),
        ("门诊楼二期机房", "门诊楼二期"),
        ("三楼机房", ""),
        ("门诊楼和住院楼", ""),
    ],
)
def test_a_project_is_known_by_its_name_within_other_words(words: str, project: str) -> None:
    client = Client(name="A", projects=tuple(Project(name=one) for one in ("门诊楼", "门诊楼二期", "住院楼")))

    assert judged(client, Named(words=(words,))).project == project


def test_nobody_knows_whose_it_is() -> None:
    assert entitle([], [], Named(), TODAY) == Entitlement(basis=Basis.UNKNOWN, charge=Charge.QUOTATION)
    assert entitle([], [], Named(contract="9"), TODAY).doubts == ("contract 9 is not on record",)


def test_several_clients_of_one_domain_are_named_and_not_chosen_from() -> None:
    both = [Known(a_client(name=name), "domain b.example") for name in ("A", "B")]

    verdict = entitle(both, [], Named(), TODAY)

    assert (verdict.basis, verdict.client) == (Basis.UNKNOWN, "")
    assert verdict.doubts == ("several clients are known by this: A, B",)


def test_the_sender_goes_before_what_the_text_names_and_that_is_told() -> None:
    own, other = a_client(Contract(number="1", warranty=VALID)), a_client(name="B")

    verdict = entitle([Known(own, "address a@b")], [Known(other, "name B")], Named(), TODAY)

    assert verdict.client == "滨江物业"
    assert verdict.doubts == ("the text names what belongs to B",)
    assert verdict.evidence == ("address a@b", "name B")


def test_where_no_sender_tells_the_text_does() -> None:
    verdict = entitle(
        [], [Known(a_client(Contract(number="1", warranty=VALID)), "contract 1")], Named(), TODAY
    )

    assert (verdict.basis, verdict.client) == (Basis.WARRANTY, "滨江物业")
    assert verdict.doubts == ("only the text says whose it is: the sender is not on record",)


def test_a_named_engineer_is_named_for_those_days() -> None:
    contract = Contract(number="1", warranty=VALID, engineer="w@desk.example", engineer_during=PAST)

    assert judged(a_client(contract)).engineer == ""
    assert (
        judged(a_client(msgspec.structs.replace(contract, engineer_during=VALID))).engineer
        == "w@desk.example"
    )
    assert (
        judged(a_client(msgspec.structs.replace(contract, engineer_during=None))).engineer == "w@desk.example"
    )


def test_no_contract_on_record_is_told() -> None:
    assert judged(Client(name="A")).doubts == ("no contract is on record",)
