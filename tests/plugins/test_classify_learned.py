"""What was learned from texts: where names, places and things stand, and that learning is steady."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import faultdesk_classify.learned
from faultdesk.domain.message import Address, Language
from faultdesk.domain.ticket import FaultClass, Kind, Severity
from faultdesk.errors import ConfigError
from faultdesk.handlers.testing import a_message
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.learned.chain import Chain, loaded_chain
from faultdesk_classify.learned.tokens import join, tokens_of, written
from faultdesk_classify.terms import loaded_terms
from faultdesk_classify.training.chain import train_chain
from faultdesk_classify.training.linear import lesson_of, train_linear
from faultdesk_classify.training.texts import samples

ClassifyHandler()  # reads the bundled model
SHIPPED = Path(faultdesk_classify.learned.__file__).with_name("chain.crfsuite")


def test_the_shipped_model_is_what_the_texts_teach(tmp_path: Path) -> None:
    """By what it finds, not by its octets: processors differ in the last digit of an exponential."""
    texts = samples()
    train_chain(texts, tmp_path / "again")

    again, shipped = Chain(tmp_path / "again"), loaded_chain(None)
    for sample in texts[::5]:
        assert again.find(sample.written, weighing=False) == shipped.find(sample.written, weighing=False)


def test_every_text_is_labelled_as_tickets_are() -> None:
    for sample in samples():
        labels = sample.labels
        assert labels["kind"] in set(Kind), labels
        assert labels["severity"] in set(Severity), labels
        assert labels["language"] in set(Language), labels
        assert (labels["fault_class"] in set(FaultClass)) == (labels["kind"] == Kind.FAULT), labels
        assert all(sample.written.text[start:end].strip() for _, start, end in sample.marks), labels


@pytest.mark.parametrize(
    ("sender", "text", "expected"),
    [
        (
            "",
            "你好，我们是白云外国语学校，综合楼四楼机房的交换机今天上午坏了，请派人来看看。\n\n白云外国语学校 高老师 13800138000",
            {"customer": "白云外国语学校", "contact": "高老师", "device": "交换机"},
        ),
        (
            "Nora Quinn",
            "Hello,\n\nThe card reader on the west stairwell door has been dead since Monday.\n\nNora Quinn\nHarbour Logistics Ltd",
            {"contact": "Nora Quinn", "device": "card reader"},
        ),
    ],
)
def test_facts_of_a_plain_notice_are_found(sender: str, text: str, expected: dict[str, str]) -> None:
    message = a_message(text, subject="", sender=Address("x@client.example", sender))

    found = loaded_chain(None).find(written(message), weighing=True)

    assert {name: found[name].text for name in expected if name in found} == expected


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_fact_is_a_stretch_of_what_was_written(subject: str, text: str) -> None:
    whole = join("", subject, text)

    for fact in loaded_chain(None).find(whole, weighing=True).values():
        assert whole.text[fact.start : fact.end] == fact.text


@given(st.text(max_size=500))
def test_tokens_follow_each_other_and_hold_all_that_is_to_see(text: str) -> None:
    tokens = tokens_of(text)

    shown = "".join(text[token.start : token.end] for token in tokens)
    assert "".join(shown.split()) == "".join(text.split())
    assert all(one.end <= other.start for one, other in pairwise(tokens))


def test_the_shipped_models_of_classes_are_what_the_texts_teach(tmp_path: Path) -> None:
    lessons = [lesson_of(sample) for sample in samples()]
    (tmp_path / "again").write_bytes(train_linear(lessons, loaded_terms(None)))
    again, shipped = ClassifyHandler(linear=tmp_path / "again"), ClassifyHandler()

    for lesson in lessons[::5]:
        one, other = again.classify_message(lesson.message), shipped.classify_message(lesson.message)
        assert one
        assert other
        assert (one.kind, one.fault_class, one.system, one.severity) == (
            other.kind,
            other.fault_class,
            other.system,
            other.severity,
        )


@pytest.mark.parametrize("octets", [0, 5, 100, 5_000, 500_000])
def test_models_of_classes_that_were_cut_are_refused_at_the_start(tmp_path: Path, octets: int) -> None:
    (tmp_path / "model").write_bytes(SHIPPED.with_name("linear.model").read_bytes()[:octets])

    with pytest.raises(ConfigError, match="not all of it"):
        ClassifyHandler(linear=tmp_path / "model")


def test_what_nothing_speaks_for_is_unknown_and_asked_for() -> None:
    about = ClassifyHandler(ask_below=0.9).classify_message(a_message("今天又不行了", subject="麻烦看看"))

    assert about
    assert (about.fault_class, about.system) == (FaultClass.UNKNOWN, "none")
    assert "system" in about.unsure


@pytest.mark.parametrize("octets", [0, 5, 100, 5_000, 500_000])
def test_a_model_that_was_cut_is_refused_at_the_start(tmp_path: Path, octets: int) -> None:
    (tmp_path / "model").write_bytes(SHIPPED.read_bytes()[:octets])

    with pytest.raises(ConfigError, match="not all of it"):
        ClassifyHandler(model=tmp_path / "model")


def test_a_model_that_is_no_model_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"not a model")

    with pytest.raises(ConfigError, match="no model"):
        ClassifyHandler(model=tmp_path / "model")


def test_a_model_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_bytes(SHIPPED.read_bytes())
    ClassifyHandler(model=model)
    before = loaded_chain(model)

    ClassifyHandler(model=model)

    assert loaded_chain(model) is not before


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("三楼一台摄像机没图像，其他都正常", "全院摄像机全部没图像，公安已到场，请马上派人"),
        ("有空的时候来看下大堂门禁，一个按钮松了", "大堂门禁全部打不开，有人困在里面，赶紧来人"),
        (
            "One camera in the yard flickers, the others are fine, no hurry.",
            "All cameras and doors of the whole hospital are down, patients cannot be evacuated. Come at once!",
        ),
    ],
)
def test_severity_follows_from_how_much_is_out_for_whom_and_by_when(less: str, more: str) -> None:
    order = ["low", "normal", "high", "critical"]
    one, other = (ClassifyHandler().classify_message(a_message(text, subject="")) for text in (less, more))

    assert one
    assert other
    assert order.index(one.severity) < order.index(other.severity)
