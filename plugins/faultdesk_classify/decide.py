"""Turns what terms and models say into a classification."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import msgspec

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Classification, FaultClass, Kind, Severity, Span
from faultdesk_classify.facts import gather_facts
from faultdesk_classify.learned.chain import Chain
from faultdesk_classify.learned.grams import linear_features
from faultdesk_classify.learned.linear import Guess, Linear
from faultdesk_classify.learned.tokens import tokens_of
from faultdesk_classify.rules import Told, continues, is_unsolicited, told_by_terms
from faultdesk_classify.terms import Terms
from faultdesk_classify.urgency import urged
from faultdesk_classify.weigh import Weights, system_of_form, weigh

_MOST_EVIDENCE = 8
_SAYS_LITTLE = 30
"""Characters of Chinese, or words."""
_BETWEEN = "\n\n"
_BY_RULE = 0.8
"""How sure a rule is."""
_REQUESTS = {Kind.CONSULTATION, Kind.ENHANCEMENT, Kind.SPARE_PARTS, Kind.TRAINING, Kind.UPGRADE}
_USUAL_TROUBLE = {"low": 0.61, "normal": 1.51, "high": 0.56, "critical": 0.27}
_USUAL_REQUESTS = {"low": 0.61, "normal": 1.25, "high": 0.3, "critical": 0.1}
"""How much more often clients' mail has a severity than the texts, which hold more of what is rare."""


def decide(
    message: InboundMessage, terms: Terms, linear: Linear, chain: Chain, ask_below: float
) -> Classification:
    """Say what a message is about; what is less likely than `ask_below` is unsure, and asked for."""
    whole, message = message, _with_attached_words(message)
    weights = weigh(message, terms)
    if is_unsolicited(message, weights):
        evidence = _evidence(weights, [("unsolicited", label) for label in weights.sums["unsolicited"]])
        return Classification(severity=Severity.LOW, confidence=0.9, evidence=evidence, unsolicited=True)
    told = told_by_terms(message, weights)
    read = linear.read(linear_features(message, weights.sums, told.labels()))
    kind, confidence = _kind(message, told, read["kind"], ask_below)
    asked = {topic for topic in _topics_of(kind) if read[topic].likelihood < ask_below}
    labels = {topic: _label(topic, told, linear, read, asked) for topic in _topics_of(kind)}
    if "system" in labels and (chosen_by_client := system_of_form(message, terms)):
        labels["system"] = chosen_by_client
        asked.discard("system")
    fault_class = FaultClass(labels["fault_class"]) if kind is Kind.FAULT else None
    severity = _severity(kind, read["severity"], message)
    facts, spans = gather_facts(message, kind, weights, chain)
    chosen = [("kind", kind), *labels.items(), ("severity", severity)]
    return Classification(
        kind=kind,
        fault_class=fault_class,
        system=labels.get("system", "none"),
        severity=severity,
        confidence=confidence,
        evidence=_evidence(weights, chosen),
        facts=facts,
        spans={name: _in_its_own_part(span, whole) for name, span in spans.items()},
        unsure=tuple(sorted(asked | ({"kind"} if confidence < ask_below else set()))),
    )


def _with_attached_words(message: InboundMessage) -> InboundMessage:
    """Let the documents speak for a mail that says but "see attached"; else they may be about anything."""
    if not message.attached_text or len(tokens_of(message.text)) > _SAYS_LITTLE:
        return message
    return msgspec.structs.replace(message, text=f"{message.text}{_BETWEEN}{message.attached_text}")


def _in_its_own_part(span: Span, message: InboundMessage) -> Span:
    """Part again what `_with_attached_words` put together."""
    before = len(message.text) + len(_BETWEEN)
    if span.part != "text" or span.start < before:
        return span
    return Span("attached_text", span.start - before, span.end - before)


def _label(topic: str, told: Told, linear: Linear, read: Mapping[str, Guess], asked: AbstractSet[str]) -> str:
    """Take what is likeliest; where nothing is, or the label was never learned, what the terms say."""
    own = told.labels()[topic]
    return own if topic in asked or not linear.knows(topic, own) else read[topic].label


def _topics_of(kind: Kind) -> tuple[str, ...]:
    if kind is Kind.OTHER:
        return ()
    return ("fault_class", "system") if kind is Kind.FAULT else ("system",)


def _kind(message: InboundMessage, told: Told, guess: Guess, ask_below: float) -> tuple[Kind, float]:
    """Take the likeliest kind; only what speaks of a ticket continues one, and nobody is left out on a guess."""
    if told.kind is Kind.FOLLOWUP:
        return Kind.FOLLOWUP, _BY_RULE
    continued = bool(message.references) or continues(message)
    if guess.label == Kind.FOLLOWUP and (told.kind is Kind.OTHER or not continued):
        return told.kind, 1 - guess.likelihood
    if guess.label == Kind.OTHER and guess.likelihood < ask_below:
        return told.kind, guess.likelihood
    return Kind(guess.label), guess.likelihood


def _severity(kind: Kind, guess: Guess, message: InboundMessage) -> Severity:
    """Take the likeliest, and bound it: nothing burns where nothing is broken."""
    if kind is Kind.OTHER:
        return Severity.LOW
    usual = _USUAL_REQUESTS if kind in _REQUESTS else _USUAL_TROUBLE
    likeliest = Severity(max(guess.likely, key=lambda label: guess.likely[label] * usual[label]))
    bounded = Severity.HIGH if likeliest is Severity.CRITICAL and kind is not Kind.FAULT else likeliest
    return urged(bounded, message)


def _evidence(weights: Weights, chosen: list[tuple[str, str]]) -> tuple[str, ...]:
    """List the terms that spoke for what was chosen, the weightiest first."""
    told = [(weight, term) for label in chosen for term, weight in weights.terms.get(label, {}).items()]
    strongest = sorted((pair for pair in told if pair[0] > 0), reverse=True)
    return tuple(dict.fromkeys(weights.read_as[term] for _, term in strongest))[:_MOST_EVIDENCE]
