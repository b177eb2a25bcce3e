"""make accuracy, by writer: how the terms read the texts from which the facts are learned.

python -m benchmarks.by_writer

The terms were made for `clients`, and some words for systems were added for what was missed in `estates`,
`institutions`, `public_bodies` and `hasty`. Nobody looked at `english`: expect its figures of your own clients.
"""

from collections import defaultdict

from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Classification
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.training.texts import Sample, samples

_LABELS = ("kind", "fault_class", "system", "severity")


def main() -> None:
    """Measure, and print."""
    classify = ClassifyHandler().classify_message
    by_writer: dict[str, list[tuple[Sample, Classification]]] = defaultdict(list)
    for sample in samples():
        about = classify(_message(sample))
        if about is not None:
            by_writer[sample.writer].append((sample, about))
    print("writer".ljust(20), "texts", *(label.rjust(12) for label in _LABELS))
    for writer, read in by_writer.items():
        shares = (_share(read, label) for label in _LABELS)
        print(writer.ljust(20), f"{len(read):5}", *(f"{share:12.2f}" for share in shares))


def _message(sample: Sample) -> InboundMessage:
    sender, subject, text, _ = (sample.written.text[zone.start : zone.end] for zone in sample.written.zones)
    return InboundMessage(sender=Address("client@owner.example", sender), subject=subject, text=text)


def _share(read: list[tuple[Sample, Classification]], label: str) -> float:
    judged = [
        str(sample.labels[label]) == str(getattr(about, label))
        for sample, about in read
        if sample.labels[label] is not None
    ]
    return sum(judged) / len(judged)


if __name__ == "__main__":
    main()
