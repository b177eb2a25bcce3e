import pytest

from faultdesk.domain.correction import corrected, parse_correction
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
