"""Trains the linear models from labelled messages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pycrfsuite

from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Kind
from faultdesk_classify.learned.grams import linear_features
from faultdesk_classify.learned.linear import packed
from faultdesk_classify.rules import TOPICS, told_by_terms
from faultdesk_classify.terms import Terms
from faultdesk_classify.training.texts import Sample
from faultdesk_classify.weigh import weigh

_PARAMETERS = {"c1": 0.0, "max_iterations": 100}
_RESTRAINT = {"kind": 0.1, "fault_class": 0.1, "system": 0.1, "severity": 3.0}
"""c2: what did best on texts of writers who were left out. Of severity two people say different things of one text."""
_MARKS = ("#short", "#refers", "#token")
_SEEN_BY: Mapping[str, tuple[str, ...]] = {
    "kind": ("#kind.", "#kind="),
    "fault_class": ("#fault_class.", "#fault_class="),
    "system": ("#system.",),
    "severity": ("#severity.", "#severity=", "#circumstance.", "#kind="),
}
"""What each model is told of what the terms say: of other topics it is no reason, only company."""
_FEWEST_MESSAGES = 2
"""In which a run of words must stand to be learned from."""


class Lesson(NamedTuple):
    """A message and its true labels by topic; a topic that is missing teaches nothing."""

    message: InboundMessage
    labels: Mapping[str, str]


def lesson_of(sample: Sample) -> Lesson:
    """Take a labelled text for the message it was."""
    sender, subject, text, _ = (sample.written.text[zone.start : zone.end] for zone in sample.written.zones)
    message = InboundMessage(sender=Address("client@owner.example", sender), subject=subject, text=text)
    labels = {topic: label for topic in TOPICS if isinstance(label := sample.labels[topic], str)}
    return Lesson(message, labels)


def train_linear(lessons: Sequence[Lesson], terms: Terms) -> bytes:
    """Learn one model a topic."""
    described = [_features(lesson.message, terms) for lesson in lessons]
    counts = Counter(name for features in described for name in features)
    kept = [
        {name: value for name, value in features.items() if counts[name] >= _FEWEST_MESSAGES}
        for features in described
    ]
    return packed({topic: _train(topic, lessons, kept) for topic in TOPICS})


def _features(message: InboundMessage, terms: Terms) -> dict[str, float]:
    weights = weigh(message, terms)
    return linear_features(message, weights.sums, told_by_terms(message, weights).labels())


def _train(topic: str, lessons: Sequence[Lesson], described: Sequence[Mapping[str, float]]) -> bytes:
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({**_PARAMETERS, "c2": _RESTRAINT[topic]})
    for lesson, features in zip(lessons, described, strict=True):
        if topic in lesson.labels and _teaches(topic, lesson.labels):
            # In order: that of a set changes from run to run, and the sums of floats with it.
            own = {name: features[name] for name in sorted(features) if _is_of(topic, name)}
            trainer.append(pycrfsuite.ItemSequence([own]), [lesson.labels[topic]])
    with TemporaryDirectory() as folder:
        path = Path(folder) / topic
        trainer.train(str(path))
        return path.read_bytes()


def _teaches(topic: str, labels: Mapping[str, str]) -> bool:
    """Leave out what follows from the kind: what is no request has no system and no severity."""
    return topic not in {"system", "severity"} or labels.get("kind") != Kind.OTHER


def _is_of(topic: str, name: str) -> bool:
    return not name.startswith("#") or name.startswith((*_SEEN_BY[topic], *_MARKS))
