"""Trains the chain model that finds names, places and things (a linear-chain CRF, by python-crfsuite)."""

from collections.abc import Iterable
from pathlib import Path

import pycrfsuite

from faultdesk_classify.learned.features import features_of
from faultdesk_classify.learned.tokens import LINE_END, Token, tokens_of
from faultdesk_classify.training.texts import Sample

_PARAMETERS = {
    "c1": 0.1,
    "c2": 0.05,
    "max_iterations": 60,
    "feature.minfreq": 2,
    "feature.possible_transitions": True,
}
"""Of 0.03 to 0.3 for both, what did best in cross-validation; they matter little."""
_OF_FAULTS = frozenset({"location", "device"})
"""What the desk asks of a fault only: a room that is praised is no place of a fault."""
_READ_AS = {"project": "site"}


def train_chain(samples: Iterable[Sample], path: Path) -> None:
    """Learn from the texts, and write the model."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(_PARAMETERS)
    for sample in samples:
        tokens = tokens_of(sample.written.text)
        trainer.append(features_of(sample.written, tokens), _tags(sample, tokens))
    trainer.train(str(path))


def _tags(sample: Sample, tokens: list[Token]) -> list[str]:
    """Tag each token: B- for the first of a fact, I- for those that go on, O for all others."""
    tags = ["O"] * len(tokens)
    for name, start, end in sample.marks:
        if name in _OF_FAULTS and sample.labels["kind"] != "fault":
            continue
        prefix = "B-"
        for at, token in enumerate(tokens):
            if start <= token.start and token.end <= end and token.form != LINE_END:
                tags[at] = prefix + _READ_AS.get(name, name)
                prefix = "I-"
    return tags
