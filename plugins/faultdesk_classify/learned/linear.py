"""Says the likeliest label of each topic: multinomial logistic regression, which is what crfsuite does with one token."""

import threading
import zlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import msgspec
import pycrfsuite

from faultdesk.errors import ConfigError
from faultdesk_classify.rules import TOPICS

BUNDLED = "linear.model"
_MOST_OCTETS = 64 * 1024 * 1024


class Guess(NamedTuple):
    """The likeliest label, how likely it is, from 0 to 1, and how likely each is."""

    label: str
    likelihood: float
    likely: Mapping[str, float]


class Linear:
    """Trained models, one a topic; they keep what they look at, so one thread at a time may ask."""

    def __init__(self, octets: bytes) -> None:
        """Take the models out of what `packed` gave.

        Raises:
            ValueError: It is something else, or not all of it.
        """
        try:
            unpacker = zlib.decompressobj()
            models = msgspec.msgpack.decode(unpacker.decompress(octets, _MOST_OCTETS), type=dict[str, bytes])
        except (zlib.error, msgspec.MsgspecError) as error:
            raise ValueError("no model, or not all of it") from error
        if set(models) != set(TOPICS) or not unpacker.eof:
            raise ValueError("no model, or not all of it")
        self._models = models  # the taggers look into these octets, and do not keep them
        self._taggers = {topic: pycrfsuite.Tagger() for topic in TOPICS}
        for topic, tagger in self._taggers.items():
            tagger.open_inmemory(models[topic])
        self._labels = {topic: frozenset(tagger.labels()) for topic, tagger in self._taggers.items()}
        self._turn = threading.Lock()

    def knows(self, topic: str, label: str) -> bool:
        """Tell whether a label was ever learned."""
        return label in self._labels[topic]

    def read(self, features: Mapping[str, float]) -> Mapping[str, Guess]:
        """Give the likeliest label of every topic."""
        items = pycrfsuite.ItemSequence([features])
        with self._turn:
            return {topic: _guess(tagger, items) for topic, tagger in self._taggers.items()}


def _guess(tagger: pycrfsuite.Tagger, items: pycrfsuite.ItemSequence) -> Guess:
    tagger.set(items)
    likely = {label: tagger.marginal(label, 0) for label in tagger.labels()}
    label = max(likely, key=likely.__getitem__)
    return Guess(label, likely[label], likely)


def packed(models: Mapping[str, bytes]) -> bytes:
    """Write models, by topic, as one file; the same models give the same octets."""
    return zlib.compress(msgspec.msgpack.encode(dict(sorted(models.items()))), 9)


_loaded: dict[Path | None, Linear] = {}
"""The models as they were last read without a complaint, by the path of their file."""


def loaded_linear(path: Path | None) -> Linear:
    """Give the models that `load_linear` read last."""
    return _loaded[path]


def load_linear(path: Path | None) -> None:
    """Read models, or those that come with the handler; what is wrong leaves what was read before.

    Raises:
        ConfigError: They cannot be read.
    """
    source = path or files(__package__).joinpath(BUNDLED)
    try:
        _loaded[path] = Linear(source.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path or BUNDLED}: {error}") from error
