"""make accuracy, by writer: how the desk reads texts of a writer from whom its models learned nothing.

python -m benchmarks.by_writer

The terms were made for `clients`, and some words for systems were added for what was missed in `estates`,
`institutions`, `public_bodies` and `hasty`. Nobody looked at the others while making terms: expect their figures of
your own clients.
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


def main() -> None:
    """Measure, and print."""
    load_terms(None)
    texts = samples()
    lessons = [lesson_of(sample) for sample in texts]
    writers = [sample.writer for sample in texts]
    print("writer".ljust(20), "texts", *(topic.rjust(12) for topic in TOPICS))
    for writer in dict.fromkeys(writers):
        own = [lesson for lesson, its in zip(lessons, writers, strict=True) if its == writer]
        others = [lesson for lesson, its in zip(lessons, writers, strict=True) if its != writer]
        read = _read([lesson.message for lesson in own], others)
        shares = (_share(own, read, topic) for topic in TOPICS)
        print(writer.ljust(20), f"{len(own):5}", *(f"{share:12.2f}" for share in shares))


def _read(messages: Sequence[InboundMessage], taught: Sequence[Lesson]) -> list[Classification | None]:
    with TemporaryDirectory() as folder:
        linear = Path(folder) / "linear"
        linear.write_bytes(train_linear(taught, loaded_terms(None)))
        classify = ClassifyHandler(linear=linear).classify_message
        return [classify(message) for message in messages]


def _share(lessons: Sequence[Lesson], read: Sequence[Classification | None], topic: str) -> float:
    judged = [
        lesson.labels[topic] == str(getattr(about, topic))
        for lesson, about in zip(lessons, read, strict=True)
        if topic in lesson.labels
    ]
    return sum(judged) / len(judged)


if __name__ == "__main__":
    main()
