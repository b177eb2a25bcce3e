import ast
import re
from importlib.resources import files

import pytest

from faultdesk.domain.correction import corrected, correction_in, parse_correction
from faultdesk.domain.ticket import Classification, FaultClass, Kind, Severity

READ = Classification(kind=Kind.CONSULTATION, system="none", unsure=("kind", "system"), evidence=("门禁",))


def test_a_correction_says_what_it_says_in_any_order() -> None:
    labels = parse_correction("high cctv fault/line")

    about = corrected(READ, labels)

    assert (about.kind, about.fault_class, about.system) == (Kind.FAULT, FaultClass.LINE, "cctv")
    assert (about.severity, about.unsure, about.evidence) == (Severity.HIGH, (), ("门禁",))


def test_what_is_not_said_stays_as_it_was_read() -> None:
    about = corrected(READ, parse_correction("parking"))

    assert (about.kind, about.system, about.unsure) == (Kind.CONSULTATION, "parking", ("kind",))


def test_a_fault_class_makes_a_fault_and_another_kind_has_none() -> None:
    fault = corrected(READ, parse_correction("hardware"))

    assert (fault.kind, fault.fault_class) == (Kind.FAULT, FaultClass.HARDWARE)
    assert corrected(fault, parse_correction("training")).fault_class is None
    assert corrected(READ, parse_correction("fault")).fault_class is FaultClass.UNKNOWN


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "nothing is said"),
        ("Gate-3", "gate-3: no kind"),
        ("high low", "severity is high already"),
        ("cctv parking", "parking: system is cctv already"),
        ("training/line", "line: only a fault has such a class"),
    ],
)
def test_what_cannot_be_meant_is_named(words: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_correction(words)


def test_english_names_of_several_words_are_names_too() -> None:
    labels = parse_correction("operator error, access control, not urgent")

    assert labels == {
        "kind": "fault",
        "fault_class": "misoperation",
        "system": "access_control",
        "severity": "low",
    }


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_what_the_acknowledgement_calls_things_can_be_said_back(language: str) -> None:
    template = files("faultdesk_acknowledge").joinpath(f"templates/opened.{language}.txt")
    tables = dict(re.findall(r"{% set (\w+) = ({.*?}) %}", template.read_text(encoding="utf-8")))

    for table in ("classes", "severities", "systems"):
        for label, name in ast.literal_eval(tables.get(table, "{}")).items():
            assert label in parse_correction(name, only_known=True).values()


def test_every_system_of_the_bundled_terms_has_names() -> None:
    terms = files("faultdesk_classify").joinpath("terms.toml").read_text(encoding="utf-8")
    systems = [line[8:-1] for line in terms.splitlines() if line.startswith("[system.")]

    assert len(systems) > 10
    assert [parse_correction(name, only_known=True) for name in systems] == [
        {"system": name} for name in systems
    ]


def test_a_text_of_any_length_is_looked_through_at_once() -> None:
    assert correction_in("分类" + " " * 100_000 + "\n" * 100_000) is None


@pytest.mark.parametrize("words", ["fault/lines", "fault/lines cctv", "故障/线陆"])
def test_a_slip_behind_the_kind_is_no_system(words: str) -> None:
    with pytest.raises(ValueError, match="no class of a fault"):
        parse_correction(words)
