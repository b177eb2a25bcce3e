"""Turns weights into a classification; the order of the rules is that of the desk's label rules."""

import msgspec

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.reference import find_references
from faultdesk.domain.ticket import Classification, FaultClass, Kind, Severity
from faultdesk_classify.facts import gather_facts
from faultdesk_classify.learned.chain import Chain
from faultdesk_classify.terms import Terms
from faultdesk_classify.weigh import Weights, weigh

_KINDS = (
    Kind.REVISIT,
    Kind.FAULT,
    Kind.SPARE_PARTS,
    Kind.TRAINING,
    Kind.UPGRADE,
    Kind.ENHANCEMENT,
    Kind.CONSULTATION,
)
"""By precedence: of two that weigh the same, the earlier."""
_CLASSES = (
    FaultClass.VIRUS,
    FaultClass.MISOPERATION,
    FaultClass.CONFIG_LOSS,
    FaultClass.LINE,
    FaultClass.HARDWARE,
    FaultClass.SOFTWARE,
)
_CAUSE_IS_TROUBLE = 0.5
"""What a cause adds to `fault`: who writes of a cut cable need not say that something fails."""
_TOLD, _CERTAIN = 3.0, 6.0
# A client who is taken for an advertiser gets no answer at all, a missed advert costs one look: so it takes
# several terms, twice the weight that makes a request certain, next to no trouble, and nobody asked to come.
_UNSOLICITED, _FEWEST_TERMS, _TROUBLE_SHARE = 10.0, 2, 0.3
_CRITICAL, _HIGH, _LOW = 5.0, 3.0, 2.0
_MOST_EVIDENCE = 8
_SAYS_LITTLE = 60


def decide(message: InboundMessage, terms: Terms, chain: Chain) -> Classification:
    """Say what a message is about."""
    message = _with_attached_words(message)
    weights = weigh(message, terms)
    if _is_unsolicited(message, weights):
        labels = [("unsolicited", label) for label in weights.sums["unsolicited"]]
        evidence = _evidence(weights, labels)
        return Classification(severity=Severity.LOW, confidence=0.9, evidence=evidence, unsolicited=True)
    kind, confidence = _kind(message, weights)
    fault_class = _fault_class(weights) if kind is Kind.FAULT else None
    system = _system(weights) if kind is not Kind.OTHER else "none"
    severity = _severity(kind, weights)
    chosen = [("kind", kind), ("fault_class", fault_class or ""), ("system", system), ("severity", severity)]
    return Classification(
        kind=kind,
        fault_class=fault_class,
        system=system,
        severity=severity,
        confidence=confidence,
        evidence=_evidence(weights, chosen),
        facts=gather_facts(message, kind, weights, chain),
    )


def _with_attached_words(message: InboundMessage) -> InboundMessage:
    """Let the documents speak for a mail that says but "see attached"; else they may be about anything."""
    if len(message.text.strip()) > _SAYS_LITTLE or not message.attached_text:
        return message
    return msgspec.structs.replace(message, text=f"{message.text}\n\n{message.attached_text}")


def _is_unsolicited(message: InboundMessage, weights: Weights) -> bool:
    if find_references(message.subject, message.text, message.quoted):
        return False
    told = [term for (topic, _), terms in weights.terms.items() if topic == "unsolicited" for term in terms]
    total = sum(weight for _, weight in weights.ranking("unsolicited"))
    if total < _UNSOLICITED or len(told) < _FEWEST_TERMS or weights.of("onsite", "wanted") > 0:
        return False
    return weights.of("kind", Kind.FAULT) <= total * _TROUBLE_SHARE


def _kind(message: InboundMessage, weights: Weights) -> tuple[Kind, float]:
    other = weights.of("kind", Kind.OTHER)
    scores = {kind: weights.of("kind", kind) for kind in _KINDS}
    causes = max((weight for _, weight in weights.ranking("fault_class")), default=0.0)
    scores[Kind.FAULT] += max(causes, 0.0) * _CAUSE_IS_TROUBLE
    best = max(_KINDS, key=lambda kind: scores[kind])
    if other >= _CERTAIN and other > scores[best] / 2:
        return Kind.OTHER, 0.8
    if _continues(message) and not (best is Kind.REVISIT and scores[best] > _CERTAIN):
        return Kind.FOLLOWUP, 0.8
    if message.references and scores[best] < _CERTAIN:
        return Kind.FOLLOWUP, 0.5
    if scores[best] < _TOLD:
        return _when_little_is_told(message, weights, other)
    second = sorted(scores.values())[-2]
    return best, round(scores[best] / (scores[best] + max(second, 0.0) + 2), 2)


def _continues(message: InboundMessage) -> bool:
    """Tell whether it names a ticket itself, or answers a mail that does."""
    if find_references(message.subject, message.text):
        return True
    return bool(message.references and find_references(message.quoted))


def _when_little_is_told(message: InboundMessage, weights: Weights, other: float) -> tuple[Kind, float]:
    """A notice without a word we know is still a notice; only thanks and greetings are nothing to do."""
    scores = {kind: weights.of("kind", kind) for kind in _KINDS}
    best = max(_KINDS, key=lambda kind: scores[kind])
    if other > scores[best]:
        return Kind.OTHER, 0.5
    if scores[best] > 0:
        return best, 0.3
    return (Kind.CONSULTATION if _asks(message) else Kind.FAULT), 0.1


def _asks(message: InboundMessage) -> bool:
    return message.text.rstrip().endswith(("?", "？", "吗", "呢", "嗎"))


def _fault_class(weights: Weights) -> FaultClass:
    best = max(_CLASSES, key=lambda label: weights.of("fault_class", label))
    weight = weights.of("fault_class", best)
    if weight < _TOLD or weight < weights.of("fault_class", FaultClass.UNKNOWN):
        return FaultClass.UNKNOWN
    return best


def _system(weights: Weights) -> str:
    for label, weight in weights.ranking("system"):
        return label if weight > 0 else "none"
    return "none"


def _severity(kind: Kind, weights: Weights) -> Severity:
    if kind is Kind.OTHER:
        return Severity.LOW
    critical, high, low = (weights.of("severity", label) for label in ("critical", "high", "low"))
    if critical >= _CRITICAL and kind is Kind.FAULT:
        return Severity.CRITICAL
    if high + critical >= _HIGH:
        return Severity.HIGH
    return Severity.LOW if low >= _LOW else Severity.NORMAL


def _evidence(weights: Weights, chosen: list[tuple[str, str]]) -> tuple[str, ...]:
    """List the terms that spoke for what was chosen, the weightiest first."""
    told = [(weight, term) for label in chosen for term, weight in weights.terms.get(label, {}).items()]
    strongest = sorted((pair for pair in told if pair[0] > 0), reverse=True)
    return tuple(dict.fromkeys(weights.read_as[term] for _, term in strongest))[:_MOST_EVIDENCE]
