"""What the linear models are told of a message: its words in runs of up to three, and what the terms say."""

import math
import re
from collections.abc import Mapping
from itertools import pairwise

from faultdesk.domain.fold import fold
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.reference import find_references

_MOST_CHARACTERS = 3_000
_TOKEN = re.compile(r"[a-z]+|[0-9]+|[\u3400-\u9fff]|[?!？！]")
_LONGEST_NUMBER = 4
_ALL_GRAMS = 6.0
"""What they weigh together, by the root of their number: beside them, the terms' own verdict weighs one."""
_GREATEST_SUM, _SUM_SHARE = 12.0, 1 / 6
_TRUST = {"kind": 0.6, "fault_class": 0.35, "system": 1.0, "severity": 1.0}
"""What is believed of the terms. They were made for some of the very texts that are learned from, and are right on
those more often than on others': a model that may lean on them learns to lean too much."""
_CIRCUMSTANCE, _GREATEST_CIRCUMSTANCE = 0.8, 3.0
_SHORT = 40


def linear_features(
    message: InboundMessage, sums: Mapping[str, Mapping[str, float]], told: Mapping[str, str]
) -> dict[str, float]:
    """Describe a message; `sums` are the terms' weights by topic and label, `told` is their verdict by topic."""
    grams = grams_of(f"{message.subject}\n{message.text}\n{message.signature}")
    share = _ALL_GRAMS / math.sqrt(len(grams) + 1)
    features = dict.fromkeys(grams, share)
    for topic, labels in sums.items():
        greatest, share = _measure(topic)
        for label, weight in labels.items():
            features[f"#{topic}.{label}"] = max(min(weight, greatest), -greatest) * share
    features |= {f"#{topic}={label}": _TRUST[topic] for topic, label in told.items()}
    features["#short"] = float(len(message.text) < _SHORT)
    features["#refers"] = float(bool(message.references))
    features["#token"] = float(bool(find_references(message.subject, message.text)))
    return features


def _measure(topic: str) -> tuple[float, float]:
    """Tell to what the weights of a topic's terms are bounded, and what one of them weighs."""
    if topic == "circumstance":
        return _GREATEST_CIRCUMSTANCE, _CIRCUMSTANCE
    return _GREATEST_SUM, _SUM_SHARE * _TRUST.get(topic, 1.0)


def grams_of(text: str) -> set[str]:
    """Give the words, or Han characters, of a text alone and in runs of two and three; of numbers their length."""
    tokens = [
        "0" * min(len(token), _LONGEST_NUMBER) if token.isdigit() else token
        for token in _TOKEN.findall(fold(text, _MOST_CHARACTERS))
    ]
    pairs = [f"{one}_{other}" for one, other in pairwise(tokens)]
    return {*tokens, *pairs, *(f"{pair}_{last}" for pair, last in zip(pairs, tokens[2:], strict=False))}
