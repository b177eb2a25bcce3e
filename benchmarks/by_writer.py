"""make accuracy, by writer: how the desk reads texts of a writer from whom its models learned nothing.

python -m benchmarks.by_writer

The terms were made for `clients`, and some words for systems were added for what was missed in `estates`,
`institutions`, `public_bodies` and `hasty`. Nobody looked at the others while making terms, but for what raises and
lowers severity: expect their figures of your own clients. The last line is of all texts.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Classification
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.rules import TOPICS
from faultdesk_classify.terms import load_terms, loaded_terms
from faultdesk_classify.training.linear import Lesson, lesson_of, train_linear
from faultdesk_classify.training.texts import samples

Told = Sequence[tuple[Lesson, Classification | None]]
"""Texts with their labels, and what was made of them."""


def main() -> None:
    """Measure, and print."""
    load_terms(None)
    texts = samples()
    lessons = [lesson_of(sample) for sample in texts]
    writers = [sample.writer for sample in texts]
    print("writer".ljust(20), "texts", *(topic.rjust(12) for topic in TOPICS))
    told: list[tuple[Lesson, Classification | None]] = []
    for writer in dict.fromkeys(writers):
        own = [lesson for lesson, its in zip(lessons, writers, strict=True) if its == writer]
        others = [lesson for lesson, its in zip(lessons, writers, strict=True) if its != writer]
        read = _read([lesson.message for lesson in own], others)
        _tell(writer, list(zip(own, read, strict=True)))
        told += zip(own, read, strict=True)
    _tell("all", told)


def _tell(writer: str, told: Told) -> None:
    shares = (_share(told, topic) for topic in TOPICS)
    print(writer.ljust(20), f"{len(told):5}", *(f"{share:12.2f}" for share in shares), flush=True)


def _read(messages: Sequence[InboundMessage], taught: Sequence[Lesson]) -> list[Classification | None]:
    with TemporaryDirectory() as folder:
        linear = Path(folder) / "linear"
        linear.write_bytes(train_linear(taught, loaded_terms(None)))
        classify = ClassifyHandler(linear=linear).classify_message
        return [classify(message) for message in messages]


def _share(told: Told, topic: str) -> float:
    judged = [
        lesson.labels[topic] == str(getattr(about, topic)) for lesson, about in told if topic in lesson.labels
    ]
    return sum(judged) / len(judged)


if __name__ == "__main__":
    main()
