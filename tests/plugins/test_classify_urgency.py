import pytest

from faultdesk.domain.fax import Fax, Field, Reception
from faultdesk.domain.ticket import Severity
from faultdesk.handlers.testing import a_message
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.urgency import urged

CLASSIFY = ClassifyHandler()
FORM = "报修单位：海晏医院\n故障现象：3号摄像机无图像\n{urgency}"


@pytest.mark.parametrize(
    ("urgency", "severity"),
    [
        ("紧急程度：特急", Severity.HIGH),
        ("緊急程度: 緊急", Severity.HIGH),
        ("紧 急 程 度\t紧急", Severity.HIGH),
        ("优先级：高", Severity.HIGH),
        ("Priority: P1", Severity.HIGH),
        ("紧急程度：一般", Severity.NORMAL),
        ("Urgency: normal", Severity.NORMAL),
        ("紧急程度：不急", Severity.LOW),
        ("优先级：低", Severity.LOW),
        ("Urgency: not urgent", Severity.LOW),
    ],
)
def test_the_field_of_a_form_moves_the_severity(urgency: str, severity: Severity) -> None:
    about = CLASSIFY.classify_message(a_message(FORM.format(urgency=urgency), subject="设备报修单"))

    assert about
    assert about.severity is severity


def test_an_advert_presses_nobody() -> None:
    advert = "优先级：高\n代开各类增值税发票，点数优惠，长期合作，业务经理电话。"
    about = CLASSIFY.classify_message(a_message(advert, subject="代开发票"))

    assert about
    assert about.severity is Severity.LOW


def test_a_fax_presses_by_its_field() -> None:
    field = Field(name="urgency", value="特急", confidence=0.9, page=1)
    fax = Fax(reception=Reception(gateway="office"), fields=(field,))

    assert urged(Severity.NORMAL, a_message("摄像机无图像", fax=fax)) is Severity.HIGH


@pytest.mark.parametrize(
    ("severity", "urgency", "moved"),
    [
        (Severity.LOW, "特急", Severity.NORMAL),
        (Severity.HIGH, "特急", Severity.HIGH),
        (Severity.CRITICAL, "特急", Severity.CRITICAL),
        (Severity.HIGH, "低", Severity.HIGH),
        (Severity.CRITICAL, "不急", Severity.CRITICAL),
    ],
)
def test_a_word_in_a_field_moves_by_a_step_and_takes_nothing_grave_back(
    severity: Severity, urgency: str, moved: Severity
) -> None:
    assert urged(severity, a_message(FORM.format(urgency=f"紧急程度：{urgency}"))) is moved
