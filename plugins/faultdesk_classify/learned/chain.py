"""Finds names, places and things in a message by the chain model that was learned."""

import struct
import threading
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pycrfsuite

from faultdesk.errors import ConfigError
from faultdesk_classify.learned.features import features_of
from faultdesk_classify.learned.tokens import LINE_END, Token, Written, tokens_of

_SEEN, _GOES_ON = 0.25, 0.5
"""A place or thing counts from this likelihood on, and with it the neighbours of half its own."""
_HEAD = struct.Struct("<4sI")
"""How a model begins: what it is, and its octets."""
_WEIGHED = ("location", "device")
"""Told in so many ways that the likeliest path misses them."""


class Found(NamedTuple):
    """A fact as it stands in the text, by offsets."""

    text: str
    start: int
    end: int


class Chain:
    """A trained model; it keeps the text it looks at, so one thread at a time may ask."""

    def __init__(self, model: Path) -> None:
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open(str(model))
        self._turn = threading.Lock()

    def find(self, written: Written, *, weighing: bool) -> Mapping[str, Found]:
        """Find customer, site and contact; if `weighing`, the likeliest location and device as well."""
        tokens = tokens_of(written.text)
        if not tokens:
            return {}
        features = features_of(written, tokens)
        with self._turn:
            self._tagger.set(features)
            spans = _spans(self._tagger.tag(), tokens)
            if weighing:
                told = [
                    at for at in range(len(tokens)) if self._tagger.marginal("O", at) < 1 - _SEEN * _GOES_ON
                ]
                spans |= {name: span for name in _WEIGHED if (span := self._likeliest(name, tokens, told))}
        return {
            name: Found(
                written.text[tokens[first].start : tokens[last].end], tokens[first].start, tokens[last].end
            )
            for name, (first, last) in spans.items()
            if weighing or name not in _WEIGHED
        }

    def _likeliest(self, name: str, tokens: Sequence[Token], told: Sequence[int]) -> tuple[int, int] | None:
        """Find the token most likely of this fact among those `told`, and how far to its sides it goes on."""
        likely = [0.0] * len(tokens)
        for at in told:
            likely[at] = self._tagger.marginal("B-" + name, at) + self._tagger.marginal("I-" + name, at)
        first = last = max(range(len(tokens)), key=likely.__getitem__)
        if likely[first] < _SEEN:
            return None
        enough = likely[first] * _GOES_ON
        while first > 0 and likely[first - 1] > enough and tokens[first - 1].form != LINE_END:
            first -= 1
        while last + 1 < len(tokens) and likely[last + 1] > enough and tokens[last + 1].form != LINE_END:
            last += 1
        return first, last


_loaded: dict[Path | None, Chain] = {}
"""The models as they were last read without a complaint, by the path of their file."""


def loaded_chain(path: Path | None) -> Chain:
    """Give the model that `load_chain` read last."""
    return _loaded[path]


def load_chain(path: Path | None) -> None:
    """Read a model, or the one that comes with the handler; one that is wrong leaves what was read before.

    Raises:
        ConfigError: It cannot be read, or is no such model.
    """
    name = path or "chain.crfsuite of faultdesk_classify"
    with as_file(files(__package__).joinpath("chain.crfsuite")) as bundled:
        try:
            if not _is_whole(path or bundled):
                raise ConfigError(f"{name}: no model, or not all of it")
            _loaded[path] = Chain(path or bundled)
        except (OSError, ValueError) as error:
            raise ConfigError(f"{name}: {error}") from error


def _is_whole(model: Path) -> bool:
    """Tell whether a file is as long as its head says: crfsuite would read on behind its end."""
    with model.open("rb") as file:
        head = file.read(_HEAD.size)
    magic, size = _HEAD.unpack(head) if len(head) == _HEAD.size else (b"", 0)
    return bool(magic == b"lCRF" and size == model.stat().st_size)


def _spans(tags: Sequence[str], tokens: Sequence[Token]) -> dict[str, tuple[int, int]]:
    """Take of each fact the first stretch of tokens, or a later one that says more of the same."""
    found: dict[str, tuple[int, int]] = {}
    at = 0
    while at < len(tags):
        first, name = at, tags[at][2:]
        at += 1
        while name and at < len(tags) and tags[at] == "I-" + name:
            at += 1
        if name:
            before = found.setdefault(name, (first, at - 1))
            if _ends_with(tokens[first:at], tokens[before[0] : before[1] + 1]):
                found[name] = (first, at - 1)
    return found


def _ends_with(longer: Sequence[Token], shorter: Sequence[Token]) -> bool:
    """Tell whether this is one word, of which the other is the end."""
    is_word = all(one.end == other.start for one, other in pairwise(longer))
    forms, ending = ([token.form for token in tokens] for tokens in (longer, shorter))
    return is_word and len(forms) > len(ending) and forms[-len(ending) :] == ending
