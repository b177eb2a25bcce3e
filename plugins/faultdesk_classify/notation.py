"""The notation of a term, and whether a term stands in a text whose words are known."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from faultdesk.domain.fold import fold

_GAPS = re.compile(r"(?<! ) *… *|(?<=\*) +")
_BRACES = re.compile(r"\{([^{}]*)\}")
_END_OF_SENTENCE = re.compile(r"[.!?;。]")
_GAP, _GAP_AFTER_LATIN = 12, 40
_LONGEST_WORD, _MOST_SPELLINGS = 60, 2000
# A text that says a word a thousand times says it no louder: bounds the work on it.
_MOST_PLACES = 20


class Claim(NamedTuple):
    """What a term speaks for, and how strongly; a negative weight speaks against it."""

    topic: str
    label: str
    weight: int


class Word(NamedTuple):
    """A folded word or phrase; `is_open` lets any ending follow."""

    text: str
    is_open: bool

    @property
    def ends_anywhere(self) -> bool:
        """Only a Latin word must be whole: "arm" is not in "army", but "门" is in "门禁"."""
        return self.is_open or not is_latin(self.text[-1])


Span = tuple[int, int]
"""Where a word stands in a text: start and end."""
Spans = Mapping[Word, Sequence[Span]]
"""The words that stand in a text, each with its places in order."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A head, and words that must follow it in the same sentence, each one of several."""

    written: str
    head: Word
    followers: tuple[frozenset[Word], ...]
    claims: tuple[Claim, ...]

    def find(self, text: str, spans: Spans, present: frozenset[Word]) -> Span | None:
        """Tell where the term stands first in a folded text whose words are known; its head is present."""
        for followers in self.followers:
            # Of two sets the hashes are known; asking the mapping would reckon each of them again.
            if followers.isdisjoint(present):
                return None
        for start, end in spans[self.head][:_MOST_PLACES]:
            last: int | None = end
            for followers in self.followers:
                last = None if last is None else _follow(followers & present, text, spans, last)
            if last is not None:
                return start, last
        return None


def parse_term(written: str, claims: tuple[Claim, ...]) -> list[Term]:
    """Make a term for each of the words that can begin it.

    Raises:
        ValueError: It has an empty part, or spells out to too many words.
    """
    parts = [_spell_out(part) for part in _GAPS.split(written)]
    if not all(parts):
        raise ValueError(f"{written!r} has an empty part")
    return [Term(written, head, tuple(parts[1:]), claims) for head in sorted(parts[0])]


def is_latin(character: str) -> bool:
    """Tell whether this is a letter or digit of a script that parts words by blanks."""
    return character.isascii() and character.isalnum()


def end_of_latin(text: str, end: int) -> int | None:
    """Tell where a Latin word ends whose letters end here: only if it ends here, or its plural does."""
    if text[end : end + 1] == "s":
        end += 1
    return None if is_latin(text[end : end + 1]) else end


def _spell_out(part: str) -> frozenset[Word]:
    """Write the braces out: "a{b,c}" is "ab" and "ac"."""
    pieces = _BRACES.split(part)
    choices = [piece.split(",") if odd % 2 else [piece] for odd, piece in enumerate(pieces)]
    spellings = 1
    for choice in choices:
        spellings *= len(choice)
    if spellings > _MOST_SPELLINGS:
        raise ValueError(f"{part[:40]!r}… spells out to {spellings} words, more than {_MOST_SPELLINGS}")
    spelt = {fold("".join(choice), _LONGEST_WORD) for choice in product(*choices)}
    return frozenset(Word(word.rstrip("*"), word.endswith("*")) for word in spelt if word.rstrip("*"))


def _follow(followers: frozenset[Word], text: str, spans: Spans, after: int) -> int | None:
    """Tell where the nearest of the followers ends, if one stands within the gap and the sentence."""
    most = after + (_GAP_AFTER_LATIN if is_latin(text[after - 1]) else _GAP)
    places = [span for word in followers for span in spans[word] if after <= span[0] <= most]
    start, end = min(places, default=(0, 0))
    return end if end and not _END_OF_SENTENCE.search(text, after, start) else None
