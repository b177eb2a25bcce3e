"""Turns what terms and models say into a classification."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import msgspec

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Classification, FaultClass, Kind, Severity
from faultdesk_classify.facts import gather_facts
from faultdesk_classify.learned.chain import Chain
from faultdesk_classify.learned.grams import linear_features
from faultdesk_classify.learned.linear import Guess, Linear
from faultdesk_classify.rules import Told, continues, is_unsolicited, told_by_terms
from faultdesk_classify.terms import Terms
from faultdesk_classify.weigh import Weights, weigh

_MOST_EVIDENCE = 8
_SAYS_LITTLE = 60
_BY_RULE = 0.8
"""How sure a rule is."""


def decide(
    message: InboundMessage, terms: Terms, linear: Linear, chain: Chain, ask_below: float
) -> Classification:
    """Say what a message is about; what is less likely than `ask_below` is unknown, and asked for."""
    message = _with_attached_words(message)
    weights = weigh(message, terms)
    if is_unsolicited(message, weights):
        labels = [("unsolicited", label) for label in weights.sums["unsolicited"]]
        evidence = _evidence(weights, labels)
        return Classification(severity=Severity.LOW, confidence=0.9, evidence=evidence, unsolicited=True)
    told = told_by_terms(message, weights)
    read = linear.read(linear_features(message, weights.sums, told.labels()))
    kind, confidence = _kind(message, told, read["kind"])
    asked = {topic for topic in _topics_of(kind) if read[topic].likelihood < ask_below}
    fault_class = FaultClass(_label("fault_class", told.fault_class, linear, read, asked))
    system = "none" if kind is Kind.OTHER else _label("system", told.system, linear, read, asked)
    severity = _severity(kind, Severity(read["severity"].label))
    is_fault = kind is Kind.FAULT
    chosen = [
        ("kind", kind),
        ("fault_class", fault_class if is_fault else ""),
        ("system", system),
        ("severity", severity),
    ]
    return Classification(
        kind=kind,
        fault_class=fault_class if is_fault else None,
        system=system,
        severity=severity,
        confidence=confidence,
        evidence=_evidence(weights, chosen),
        facts=gather_facts(message, kind, weights, chain),
        unsure=tuple(sorted(asked | ({"kind"} if confidence < ask_below else set()))),
    )


def _with_attached_words(message: InboundMessage) -> InboundMessage:
    """Let the documents speak for a mail that says but "see attached"; else they may be about anything."""
    if len(message.text.strip()) > _SAYS_LITTLE or not message.attached_text:
        return message
    return msgspec.structs.replace(message, text=f"{message.text}\n\n{message.attached_text}")


def _label(topic: str, told: str, linear: Linear, read: Mapping[str, Guess], asked: AbstractSet[str]) -> str:
    """Take what is likeliest; where nothing is, or the label was never learned, what the terms say."""
    return told if topic in asked or not linear.knows(topic, told) else read[topic].label


def _topics_of(kind: Kind) -> tuple[str, ...]:
    if kind is Kind.OTHER:
        return ()
    return ("fault_class", "system") if kind is Kind.FAULT else ("system",)


def _kind(message: InboundMessage, told: Told, guess: Guess) -> tuple[Kind, float]:
    """Take the likeliest kind; only what speaks of a ticket continues one."""
    if told.kind is Kind.FOLLOWUP:
        return Kind.FOLLOWUP, _BY_RULE
    if guess.label == Kind.FOLLOWUP and not (message.references or continues(message)):
        return told.kind, 1 - guess.likelihood
    return Kind(guess.label), guess.likelihood


def _severity(kind: Kind, likeliest: Severity) -> Severity:
    """Bound it: nothing burns where nothing is broken."""
    if kind is Kind.OTHER:
        return Severity.LOW
    return Severity.HIGH if likeliest is Severity.CRITICAL and kind is not Kind.FAULT else likeliest


def _evidence(weights: Weights, chosen: list[tuple[str, str]]) -> tuple[str, ...]:
    """List the terms that spoke for what was chosen, the weightiest first."""
    told = [(weight, term) for label in chosen for term, weight in weights.terms.get(label, {}).items()]
    strongest = sorted((pair for pair in told if pair[0] > 0), reverse=True)
    return tuple(dict.fromkeys(weights.read_as[term] for _, term in strongest))[:_MOST_EVIDENCE]
