"""Whether a new model is kept: it may not lose."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Classification
from faultdesk_classify.rules import TOPICS

_NOISE = 100
"""Of so many held texts one may be read worse: as many as change by chance when anything is learned."""

Read = Callable[[InboundMessage], Classification | None]
Labelled = tuple[InboundMessage, Mapping[str, str]]


class Score(NamedTuple):
    """How many were read right."""

    right: int
    of: int


def score(read: Read, held: Iterable[Labelled]) -> Mapping[str, Score]:
    """Count by topic what is read as its label says, by the whole handler."""
    right, of = dict.fromkeys(TOPICS, 0), dict.fromkeys(TOPICS, 0)
    for message, labels in held:
        about = read(message)
        for topic, label in labels.items():
            of[topic] += 1
            right[topic] += about is not None and getattr(about, topic) == label
    return {topic: Score(right[topic], of[topic]) for topic in TOPICS}


class Held(NamedTuple):
    """What a model makes of what it did not learn from: bundled texts, and corrections."""

    texts: Mapping[str, Score]
    corrections: Mapping[str, Score]


def losses(new: Held, bundled: Held, in_force: Held) -> list[str]:
    """Say where a new model loses; nothing where it is kept.

    On the held texts, against the bundled model, so that small losses of many nights never add up: no topic
    may have fewer right by more than one in a hundred. On the held corrections, against the model in force:
    no topic may have fewer right, and all together more, unless all are right already; and half of their labels
    must be right, for what contradicts itself wins by chance where everything is said to be wrong.
    """
    found: list[str] = []
    for topic in TOPICS:
        texts, before = new.texts[topic], bundled.texts[topic]
        if texts.right < before.right - texts.of // _NOISE:
            found.append(f"{topic}: {texts.right} of {texts.of} texts are read right, {before.right} without")
        said, now = new.corrections[topic], in_force.corrections[topic]
        if said.right < now.right:
            found.append(f"{topic}: {said.right} of {said.of} corrections are read right, {now.right} now")
    right, before, of = (sum(scores) for scores in zip(*_together(new, in_force), strict=True))
    if right <= before < of:
        found.append(f"of {of} labels of corrections {right} are read right, {before} now: nothing is won")
    if right * 2 < of:
        found.append(
            f"of {of} labels of corrections {right} are read right by what learned from the others: "
            "they contradict each other, or are too few"
        )
    return found


def _together(new: Held, in_force: Held) -> Iterable[tuple[int, int, int]]:
    return (
        (new.corrections[topic].right, in_force.corrections[topic].right, new.corrections[topic].of)
        for topic in TOPICS
    )
