"""What the terms say of a message; the order of the rules is that of the desk's label rules."""

from collections.abc import Mapping
from typing import NamedTuple

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.reference import find_references
from faultdesk.domain.ticket import FaultClass, Kind, Severity
from faultdesk_classify.weigh import Weights

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


class Told(NamedTuple):
    """What the terms say, by topic; the cause as if it were a fault."""

    kind: Kind
    fault_class: FaultClass
    system: str
    severity: Severity

    def labels(self) -> Mapping[str, str]:
        """Give the label of every topic."""
        return {topic: str(label) for topic, label in self._asdict().items()}


TOPICS = Told._fields


def told_by_terms(message: InboundMessage, weights: Weights) -> Told:
    """Read a message by its terms alone."""
    kind = _kind(message, weights)
    return Told(kind, _fault_class(weights), _system(weights), _severity(weights))


def is_unsolicited(message: InboundMessage, weights: Weights) -> bool:
    """Tell whether a message is an advert or a fraud that nobody asked for."""
    if find_references(message.subject, message.text, message.quoted):
        return False
    told = [term for (topic, _), terms in weights.terms.items() if topic == "unsolicited" for term in terms]
    total = sum(weight for _, weight in weights.ranking("unsolicited"))
    if total < _UNSOLICITED or len(told) < _FEWEST_TERMS or weights.of("onsite", "wanted") > 0:
        return False
    return weights.of("kind", Kind.FAULT) <= total * _TROUBLE_SHARE


def _kind(message: InboundMessage, weights: Weights) -> Kind:
    other = weights.of("kind", Kind.OTHER)
    scores = {kind: weights.of("kind", kind) for kind in _KINDS}
    causes = max((weight for _, weight in weights.ranking("fault_class")), default=0.0)
    scores[Kind.FAULT] += max(causes, 0.0) * _CAUSE_IS_TROUBLE
    best = max(_KINDS, key=lambda kind: scores[kind])
    if other >= _CERTAIN and other > scores[best] / 2:
        return Kind.OTHER
    if continues(message) and not (best is Kind.REVISIT and scores[best] > _CERTAIN):
        return Kind.FOLLOWUP
    if message.references and scores[best] < _CERTAIN:
        return Kind.FOLLOWUP
    if scores[best] < _TOLD:
        return _when_little_is_told(message, weights, other)
    return best


def continues(message: InboundMessage) -> bool:
    """Tell whether it names a ticket itself, or answers a mail that does."""
    if find_references(message.subject, message.text):
        return True
    return bool(message.references and find_references(message.quoted))


def _when_little_is_told(message: InboundMessage, weights: Weights, other: float) -> Kind:
    """A notice without a word we know is still a notice; only thanks and greetings are nothing to do."""
    scores = {kind: weights.of("kind", kind) for kind in _KINDS}
    best = max(_KINDS, key=lambda kind: scores[kind])
    if other > scores[best]:
        return Kind.OTHER
    if scores[best] > 0:
        return best
    return Kind.CONSULTATION if _asks(message) else Kind.FAULT


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


def _severity(weights: Weights) -> Severity:
    critical, high, low = (weights.of("severity", label) for label in ("critical", "high", "low"))
    if critical >= _CRITICAL:
        return Severity.CRITICAL
    if high + critical >= _HIGH:
        return Severity.HIGH
    return Severity.LOW if low >= _LOW else Severity.NORMAL
