"""Adds up what the terms found in a message claim."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from faultdesk.domain.fold import fold
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.names import meant
from faultdesk_classify.labelled import form_of
from faultdesk_classify.notation import Claim
from faultdesk_classify.terms import Found, Terms

MOST_CHARACTERS = 20_000
"""What is looked at of a text: nobody tells a desk its trouble after page ten."""

_SUBJECT, _OWN_TEXT, _QUOTED, _SENDER = 1.5, 1.0, 0.5, 0.4
_FORM = 2.0
"""A form's own field for it: among its words the name of a project may tell of another."""
_FIRST, _LATER = 150, 0.6
"""What is told first is the matter; further down come circumstances, other wishes and the rooms they are in."""
_SHORT = 12


class Weights(NamedTuple):
    """The sum of the weights by topic and label, the terms by what they gave, and how they read."""

    sums: Mapping[str, Mapping[str, float]]
    terms: Mapping[tuple[str, str], Mapping[str, float]]
    read_as: Mapping[str, str]

    def of(self, topic: str, label: str) -> float:
        """Tell the weight of a label, 0 if nothing spoke for it."""
        return self.sums.get(topic, {}).get(label, 0.0)

    def ranking(self, topic: str) -> list[tuple[str, float]]:
        """Put the labels of a topic in order, the heaviest first."""
        return sorted(self.sums.get(topic, {}).items(), key=lambda pair: -pair[1])


def weigh(message: InboundMessage, terms: Terms) -> Weights:
    """Weigh subject and own text; the sender's name and the history only tell the system, this all if there is no text."""
    given: dict[tuple[str, str], dict[str, float]] = {}
    read_as: dict[str, str] = {}
    for text, factor, topics in _zones(message):
        found = terms.find(fold(text, MOST_CHARACTERS))
        read_as.update((written, one.text) for written, one in found.items())
        for written, claim, at in _distinct(found):
            if topics and claim.topic not in topics:
                continue
            gave = given.setdefault((claim.topic, claim.label), {})
            share = _LATER if claim.topic == "system" and at > _FIRST else 1.0
            gave[written] = max(gave.get(written, 0.0), claim.weight * factor * share, key=abs)
    sums: dict[str, dict[str, float]] = {}
    for (topic, label), gave in given.items():
        sums.setdefault(topic, {})[label] = sum(gave.values())
    return Weights(sums, given, read_as)


def system_of_form(message: InboundMessage, terms: Terms) -> str | None:
    """Tell the system that a form's own field names: by its name, or by the one that its terms speak of."""
    told = form_of(message).get("system", "")
    named = meant(told.lower())
    if named and named[0] == "system":
        return named[1]
    found = terms.find(fold(told, MOST_CHARACTERS)).values()
    spoken = {
        claim.label for one in found for claim in one.claims if claim.topic == "system" and claim.weight > 0
    }
    return spoken.pop() if len(spoken) == 1 else None


def _distinct(found: Mapping[str, Found]) -> Iterator[tuple[str, Claim, int]]:
    """Let one of the terms that begin at the same place speak for a label: "recording" is in "recording server"."""
    strongest: dict[tuple[int, str, str, bool], tuple[str, Claim]] = {}
    for written, (at, _, claims) in found.items():
        for claim in claims:
            key = (at, claim.topic, claim.label, claim.weight > 0)
            rival = strongest.get(key)
            if rival is None or abs(claim.weight) > abs(rival[1].weight):
                strongest[key] = (written, claim)
    for (at, *_), (written, claim) in strongest.items():
        yield written, claim, at


def _zones(message: InboundMessage) -> Iterable[tuple[str, float, tuple[str, ...]]]:
    """Give each text, what a term is worth in it, and the topics it may speak on; none named is all."""
    yield message.subject, _SUBJECT, ()
    yield message.text, _OWN_TEXT, ()
    says_little = len(message.text.strip()) < _SHORT
    yield message.quoted, _QUOTED, () if says_little else ("system",)
    # The parking office writes about the car park, where nothing else is told.
    yield message.sender.name, _SENDER, ("system",)
    yield form_of(message).get("system", ""), _FORM, ("system",)
