"""Which corrections are learned from: what the desk's own people said, so much of one address and no more."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import Correction

_MOST_OF_A_CLIENT = 20
"""Tickets whose first message is of one address: nobody's way of writing becomes everybody's."""
_MOST_OF_A_CORRECTOR = 200
"""Tickets that one address corrected by mail; From is a claim. An operator at the command line has no bound."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Lesson(msgspec.Struct, frozen=True):
    """A message, and the labels that the desk said it has."""

    reference: str
    sender: str
    """The display name; no address is learned from."""
    subject: str
    text: str
    references: tuple[str, ...]
    labels: Mapping[str, str]


class Chosen(NamedTuple):
    """The lessons in a steady order, and what is none."""

    lessons: Sequence[Lesson]
    until: datetime | None
    """When the latest of them was said."""
    unconfirmed: Sequence[str]
    """Tickets of which only a client said so."""
    set_aside: Sequence[str]
    """Tickets whose corrections went with a model that was taken back."""
    capped: Sequence[str]
    """Tickets beyond what counts of one address."""


class _Told(NamedTuple):
    at: datetime
    correction: Correction
    labels: Mapping[str, str]
    correctors: frozenset[str]


def choose(corrections: Iterable[Correction], versions: Sequence[Artefact]) -> Chosen:
    """Choose what is learned from; the latest come first where an address has too many."""
    unconfirmed: list[str] = []
    set_aside: list[str] = []
    told: list[_Told] = []
    spans = list(_withdrawn(versions))
    for one in corrections:
        said = [word for word in one.said if word.is_the_desks]
        if not said:
            unconfirmed.append(one.reference)
            continue
        labels = {field: label for word in said for field, label in word.labels.items()}
        correctors = frozenset(word.by for word in said if "@" in word.by)
        if any(first < said[-1].at <= last for first, last in spans):
            set_aside.append(one.reference)
        else:
            told.append(_Told(said[-1].at, one, labels, correctors))
    believed, capped = _bounded(told)
    lessons = sorted((_lesson(one) for one in believed), key=lambda lesson: lesson.reference)
    until = max((one.at for one in believed), default=None)
    return Chosen(lessons, until, unconfirmed, set_aside, capped)


def _bounded(told: Sequence[_Told]) -> tuple[list[_Told], list[str]]:
    believed: list[_Told] = []
    capped: list[str] = []
    of_client: Counter[str] = Counter()
    of_corrector: Counter[str] = Counter()
    for one in sorted(told, key=lambda one: (one.at, one.correction.reference), reverse=True):
        sender = one.correction.message.sender.address
        of_client[sender] += 1
        of_corrector.update(one.correctors)
        if of_client[sender] > _MOST_OF_A_CLIENT or any(
            of_corrector[corrector] > _MOST_OF_A_CORRECTOR for corrector in one.correctors
        ):
            capped.append(one.correction.reference)
        else:
            believed.append(one)
    return believed, sorted(capped)


def _withdrawn(versions: Sequence[Artefact]) -> Iterator[tuple[datetime, datetime]]:
    """Give the spans in which what was learned by a model that was taken back was said."""
    before = _BEGINNING
    for version in versions:
        until = version.figures.get("until")
        if not version.figures.get("kept") or until is None:
            continue
        last = datetime.fromisoformat(until)
        if version.withdrawn_at is not None:
            yield before, last
        before = last


def _lesson(told: _Told) -> Lesson:
    message = told.correction.message
    return Lesson(
        reference=told.correction.reference,
        sender=message.sender.name,
        subject=message.subject,
        text=message.text,
        references=message.references,
        labels=dict(sorted(told.labels.items())),
    )
