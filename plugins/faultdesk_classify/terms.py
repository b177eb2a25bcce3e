"""The terms by which a message is read: their file, and which of them stand in a text."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from faultdesk.domain.ticket import FaultClass, Kind, Severity
from faultdesk.errors import ConfigError
from faultdesk_classify.notation import Claim, Span, Term, Word, end_of_latin, is_latin, parse_term

_ANY_NAME = None
_LABELS: Mapping[str, frozenset[str] | None] = {
    "kind": frozenset(Kind),
    "fault_class": frozenset(FaultClass),
    "system": _ANY_NAME,
    "severity": frozenset(Severity),
    "onsite": frozenset({"wanted", "unwanted"}),
    "circumstance": _ANY_NAME,
    "unsolicited": _ANY_NAME,
}
_NAMED = re.compile(r"@([a-z_]+)")


class Found(NamedTuple):
    """Where a term stands first, how it reads there, and what it claims."""

    at: int
    text: str
    claims: tuple[Claim, ...]


class _Node:
    """A place in the tree of all words by their letters."""

    __slots__ = ("further", "whole", "words")

    def __init__(self) -> None:
        self.further: dict[str, _Node] = {}
        self.words: list[Word] = []
        self.whole: list[Word] = []
        """Those that must not go on here."""


class Terms:
    """All terms, by their words; a text is passed over once to find the words, however many there are."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._by_head: dict[Word, list[Term]] = {}
        self._tree = _Node()
        words: set[Word] = set()
        for term in terms:
            self._by_head.setdefault(term.head, []).append(term)
            words.update((term.head,), *term.followers)
        for word in words:
            self._plant(word)
        # Where a word may begin: at the start of a Latin word or number, or at any other letter of the tree.
        others = "".join(re.escape(letter) for letter in self._tree.further if not is_latin(letter))
        self._start = re.compile(rf"(?<![a-z0-9])[a-z0-9]|[{others}]" if others else r"(?<![a-z0-9])[a-z0-9]")

    def _plant(self, word: Word) -> None:
        node = self._tree
        for letter in word.text:
            node = node.further.setdefault(letter, _Node())
        (node.words if word.ends_anywhere else node.whole).append(word)

    def find(self, text: str) -> dict[str, Found]:
        """Find the terms that stand anywhere in a folded text, by the term as it is written in the file."""
        spans = self._find_words(text)
        present = frozenset(spans)
        found: dict[str, Found] = {}
        for word in spans:
            for term in self._by_head.get(word, ()):
                span = term.find(text, spans, present) if term.written not in found else None
                if span:
                    found[term.written] = Found(span[0], text[slice(*span)], term.claims)
        return found

    def _find_words(self, text: str) -> dict[Word, list[Span]]:
        spans: dict[Word, list[Span]] = {}
        for match in self._start.finditer(text):
            at = end = match.start()
            node = self._tree.further.get(text[at])
            while node:
                end += 1
                for word in node.words:
                    spans.setdefault(word, []).append((at, end))
                if node.whole and (last := end_of_latin(text, end)):
                    for word in node.whole:
                        spans.setdefault(word, []).append((at, last))
                node = node.further.get(text[end : end + 1])
        return spans


_loaded: dict[Path | None, Terms] = {}
"""The terms as they were last read without a complaint, by the path of their file."""


def loaded_terms(path: Path | None) -> Terms:
    """Give the terms that `load_terms` read last."""
    return _loaded[path]


def load_terms(path: Path | None) -> None:
    """Read a terms file, or the bundled one; one that is wrong leaves what was read before.

    Raises:
        ConfigError: It cannot be read or is wrong; the text names the file and the key.
    """
    name = path or "terms.toml of faultdesk_classify"
    try:
        source = path or files(__package__).joinpath("terms.toml")
        _loaded[path] = _compile(tomllib.loads(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: not TOML: {error}") from error
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from error


def _compile(topics: dict[str, object]) -> Terms:
    words = _named_words(topics.pop("words", {}))
    claims: dict[str, list[Claim]] = {}
    for key, written, claim in _claims(topics):
        try:
            plain = _NAMED.sub(lambda match: words[match[1]], written)
            parse_term(plain, ())
        except KeyError as error:
            raise ValueError(f"{key}: {written!r} needs words.{error.args[0]}") from error
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
        claims.setdefault(plain, []).append(claim)
    return Terms(term for written, its in claims.items() for term in parse_term(written, tuple(its)))


def _named_words(tables: object) -> dict[str, str]:
    if not isinstance(tables, dict):
        raise ValueError("words: must be a table of lists")  # noqa: TRY004 - a fault of the file, as the others
    named: dict[str, str] = {}
    for name, words in tables.items():
        named[name] = ",".join(_strings(f"words.{name}", words))
    return named


def _claims(topics: Mapping[str, object]) -> Iterator[tuple[str, str, Claim]]:
    """Give each term with the key it stands under."""
    for topic, labels in topics.items():
        if topic not in _LABELS or not isinstance(labels, dict):
            raise ValueError(f"{topic}: no such topic; there are {sorted(_LABELS)} and words")
        known = _LABELS[topic]
        for label, lists in labels.items():
            if (known is not None and label not in known) or not isinstance(lists, dict):
                raise ValueError(f"{topic}.{label}: no such label; there are {sorted(known or ())}")
            for weight, terms in lists.items():
                key = f"{topic}.{label}.{weight}"
                claim = Claim(topic, label, _weight(key, weight))
                yield from ((key, term, claim) for term in _strings(key, terms))


def _strings(key: str, terms: object) -> list[str]:
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        raise ValueError(f"{key}: must be a list of strings")
    return terms


def _weight(key: str, written: str) -> int:
    if not re.fullmatch(r"-?[1-9][0-9]?", written):
        raise ValueError(f"{key}: a weight is a whole number from -99 to 99 and not 0")
    return int(written)
