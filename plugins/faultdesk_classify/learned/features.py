"""What the chain model is told of each token: its neighbours, its line, and the lists it stands in."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from faultdesk_classify.learned.lists import SURNAMES, words
from faultdesk_classify.learned.tokens import LINE_END, Token, Written

_LENGTHS = (4, 10, 25)
"""Tokens of a line that is a name, a signature, a short sentence."""
_LAST_LINES = 3
_LONGEST_KEY = 12
"""Tokens of a form's label, left of its colon."""
_LAST_TOKENS = 4
"""Of a zone: who writes on a phone signs there, without a line of its own."""


def features_of(written: Written, tokens: Sequence[Token]) -> list[list[str]]:
    """Describe each token of a text."""
    edge = ["", ""]
    forms = [token.form for token in tokens]
    around, shapes = [*edge, *forms, *edge], ["", *(token.shape for token in tokens), ""]
    lines, listed = _lines(tokens), ["", *_listed(forms), ""]
    sender_end = written.zones[0].end
    sender = {(one.form, other.form) for one, other in pairwise(tokens) if other.end <= sender_end}
    found = []
    zones = list(_zones(written, tokens))
    to_end = _to_end(zones, forms)
    for at, zone in enumerate(zones):
        features = _neighbours(around[at : at + 5])
        features += ["s=" + "".join(shapes[at : at + 3]), "z=" + zone, *_place(at, lines[at])]
        if (left := to_end[at]) < _LAST_TOKENS:
            features += [f"e={zone}{left}", f"e={left}{shapes[at]}{shapes[at + 1]}", *_signs(forms[at], left)]
        features += _lists(forms[at], listed[at : at + 3])
        if not sender.isdisjoint(((forms[at], around[at + 3]), (around[at + 1], forms[at]))):
            features.append("in-sender")
        found.append(features)
    return found


def _neighbours(forms: Sequence[str]) -> list[str]:
    """Describe a token by itself and the two on each side, alone and in runs."""
    pp, p, w, n, nn = forms
    return [
        f"w={w}", f"p={p}", f"n={n}", f"pp={pp}", f"nn={nn}", f"pw={p}{w}", f"wn={w}{n}", f"ppp={pp}{p}",
        f"nnn={n}{nn}", f"pwn={p}{w}{n}", f"ppw={pp}{p}{w}", f"wnn={w}{n}{nn}",
    ]  # fmt: skip


def _place(at: int, line: "_Line") -> Iterator[str]:
    """Describe where on its line a token stands, and what the line is labelled."""
    yield "l=" + line.kind
    if line.key:
        yield "k=" + line.key
        yield "kb" if at >= line.colon else "ka"
    if at == line.start:
        yield "ls"
    if at == line.end - 1:
        yield "le"


def _signs(word: str, left: int) -> Iterator[str]:
    if word in SURNAMES:
        yield f"surname{left}"


def _to_end(zones: Sequence[str], forms: Sequence[str]) -> list[int]:
    """Count the tokens behind each in its zone, line ends left out."""
    left = 0
    found = []
    for at in range(len(zones) - 1, -1, -1):
        if at + 1 < len(zones) and zones[at] != zones[at + 1]:
            left = 0
        found.append(left)
        left += forms[at] != LINE_END
    return found[::-1]


def _lists(word: str, marks: Sequence[str]) -> Iterator[str]:
    """Describe in which lists a token stands; `marks` are those of the one before, itself and the next."""
    before, own, after = marks
    if own:
        yield "g=" + own
        yield "gn=" + after
    elif before:
        yield "gp=" + before
    if word in SURNAMES:
        yield "surname"


def _zones(written: Written, tokens: Sequence[Token]) -> Iterator[str]:
    """Name the zone of each token."""
    zones = list(written.zones)
    for token in tokens:
        while len(zones) > 1 and token.start >= zones[1].start:
            zones.pop(0)
        yield zones[0].name


def _listed(forms: Sequence[str]) -> list[str]:
    """Tell which tokens are of a listed word, the longest that begins there: "item1" its first, "item" the others."""
    marks = [""] * len(forms)
    known = words()
    for at, form in enumerate(forms):
        for word, kind in known.get(form, {}).items():
            end = at + len(word)
            if tuple(forms[at:end]) == word and (len(word) > 1 or not marks[at]):
                marks[at:end] = [kind + "1", *([kind] * (len(word) - 1))]
    return marks


class _Line:
    __slots__ = ("colon", "end", "key", "kind", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start
        self.colon = 0
        self.key = ""
        self.kind = ""


def _lines(tokens: Sequence[Token]) -> list[_Line]:
    """Give each token its line."""
    lines: list[_Line] = []
    of: list[_Line] = []
    line = _Line(0)
    for at, token in enumerate(tokens):
        of.append(line)
        if token.form == LINE_END:
            line.end = at
            lines.append(line)
            line = _Line(at + 1)
        elif token.form in (":", "：") and not line.key and 0 < at - line.start <= _LONGEST_KEY:
            line.key = "".join(one.form for one in tokens[line.start : at])
            line.colon = at
    line.end = len(tokens)
    lines.append(line)
    filled = [one for one in lines if one.end > one.start]
    for number, one in enumerate(filled):
        length = one.end - one.start
        size = sum(length > limit for limit in _LENGTHS)
        left = len(filled) - number
        one.kind = f"{size}-{left}" if left <= _LAST_LINES else f"{size}+"
    return of
