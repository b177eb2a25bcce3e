"""What was learned from texts: where names, places and things stand, and that learning is steady."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.message import Address
from faultdesk.errors import ConfigError
from faultdesk.handlers.testing import a_message
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.learned.chain import Chain, loaded_chain
from faultdesk_classify.learned.tokens import join, tokens_of, written
from faultdesk_classify.training.chain import train_chain
from faultdesk_classify.training.texts import samples


def test_the_shipped_model_is_what_the_texts_teach(tmp_path: Path) -> None:
    """By what it finds, not by its octets: processors differ in the last digit of an exponential."""
    texts = samples()
    train_chain(texts, tmp_path / "again")

    again, shipped = Chain(tmp_path / "again"), loaded_chain(None)
    for sample in texts[::5]:
        assert again.find(sample.written, weighing=False) == shipped.find(sample.written, weighing=False)


def test_every_text_has_a_kind_and_marks_what_it_says() -> None:
    texts = samples()

    assert {sample.labels["kind"] for sample in texts} >= {"fault", "revisit", "training", "other"}
    for sample in texts:
        for name, start, end in sample.marks:
            assert sample.written.text[start:end].strip(), (name, sample.written.text[:80])


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
            {"contact": "Nora Quinn"},
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


def test_a_file_that_is_no_model_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"not a model")

    with pytest.raises(ConfigError, match="no model"):
        ClassifyHandler(model=tmp_path / "model")
