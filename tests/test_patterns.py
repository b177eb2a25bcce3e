"""No pattern takes more than linear time, whatever it is given: each is fed long runs of what it looks for.

Counted is processor time, and its growth from one length to four times that: 4 when linear, 16 when quadratic.
"""

import importlib
import pkgutil
import re
import re._constants as kinds  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pytest

from faultdesk_fax.dialects import compiled, load_dialects

ROOTS = (
    "faultdesk", "faultdesk_acknowledge", "faultdesk_classify", "faultdesk_dispatch", "faultdesk_fax",
    "faultdesk_ocr", "faultdesk_report", "faultdesk_sla",
)  # fmt: skip
LENGTH = 2_000
SUSPECT = 8
"""Times what the plainest linear pattern takes: above it are those with a great constant, whose growth is looked at."""
PLAINEST = re.compile(r"[\s\S]")
WORST_GROWTH = 9.0
ONLY_AT_THE_START = {
    "faultdesk.domain.correction._LINE",
    "faultdesk.reading.marks._FORWARD_SUBJECT",
    "faultdesk.reading.quoting._MEASURE",
    "faultdesk_classify.people._SIGNED",
}
"""Patterns that are never searched for, but matched where a line begins."""
_CLASSES = {
    kinds.CATEGORY_SPACE: " \n",
    kinds.CATEGORY_DIGIT: "1",
    kinds.CATEGORY_WORD: "a门",
    kinds.CATEGORY_NOT_SPACE: "a",
    kinds.CATEGORY_NOT_DIGIT: "a",
    kinds.CATEGORY_NOT_WORD: ", ",
}


def modules() -> Iterator[object]:
    for root in ROOTS:
        package = importlib.import_module(root)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{root}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[Any]]:
    """Find what modules and their tables hold, each once."""
    found: dict[re.Pattern[Any], str] = {}

    def look(name: str, value: object, depth: int = 0) -> None:
        if isinstance(value, re.Pattern):
            found.setdefault(value, name)
        elif isinstance(value, dict):
            look(name, list(value.values()), depth)
        elif isinstance(value, (list, tuple)) and depth < 3:
            for number, one in enumerate(value):
                look(f"{name}.{number}", one, depth + 1)

    for module in modules():
        for name, value in vars(module).items():
            look(f"{getattr(module, '__name__', '')}.{name}", value)
    for dialect_name, dialect in load_dialects(None).items():
        look(f"dialects.toml.{dialect_name}", list(map(compiled, dialect.patterns())))
    return {name: pattern for pattern, name in found.items()}


def samples(tree: Iterable[Any]) -> list[str]:
    """Write texts that match, as short as can be: one through each branch."""
    whole = [""]
    for kind, value in tree:
        ways = _ways(kind, value)
        # The first way everywhere but in one place: no product of all ways.
        whole = [one + ways[0] for one in whole] + [whole[0] + way for way in ways[1:]]
        whole = whole[:20]
    return whole


def _ways(kind: object, value: Any) -> list[str]:  # noqa: ANN401, PLR0911  a tree without types, a kind a line
    if kind is kinds.LITERAL:
        return [chr(value)]
    if kind in {kinds.NOT_LITERAL, kinds.ANY}:
        return ["a"]
    if kind is kinds.IN:
        return [_member(value)]
    if kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT}:
        return [way * max(1, value[0]) for way in samples(value[2])]
    if kind is kinds.SUBPATTERN:
        return samples(value[3])
    if kind is kinds.ATOMIC_GROUP:
        return samples(value)
    if kind is kinds.BRANCH:
        return [way for branch in value[1] for way in samples(branch)]
    return [""]


def _member(members: list[tuple[Any, Any]]) -> str:
    for kind, value in members:
        if kind is kinds.NEGATE:
            return next(char for char in "a 1门,\n" if (kinds.LITERAL, ord(char)) not in members)
        if kind is kinds.LITERAL:
            return chr(value)
        if kind is kinds.RANGE:
            return chr(value[0])
        if kind is kinds.CATEGORY:
            return _CLASSES[value][0]
    return ""


def hostile(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    """Blow up every place of every sample, and every sample as a whole, and let it fail at the end."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    flags = pattern.flags & ~(0 if isinstance(pattern.pattern, str) else re.UNICODE)
    for sample in dict.fromkeys(samples(parser.parse(source, flags))):
        pumps = dict.fromkeys([sample, *sample, *" \t\n1a门-'", sample[:1] + " "])
        for pump in pumps:
            if pump:
                run = pump * (length // len(pump))
                yield from (run, run + "\0")
                for at in sorted({1, len(sample) // 2, len(sample) - 1, len(sample)}):
                    yield sample[:at] + run + "\0"


def seconds(pattern: re.Pattern[Any], text: str, *, searched: bool = True) -> float:
    """Count what every way to use a pattern takes together."""
    given = text if isinstance(pattern.pattern, str) else text.encode("utf-8")
    began = time.process_time()
    if searched:
        for _ in pattern.finditer(given):
            pass
    pattern.match(given)
    pattern.fullmatch(given)
    return time.process_time() - began


def worst_growth(pattern: re.Pattern[Any], *, searched: bool = True) -> float:
    """Give the greatest factor by which a text of four times the length takes longer; 0 where none takes long."""

    def taken(text: str) -> float:
        return seconds(pattern, text, searched=searched)

    suspects = (
        (short, long)
        for short, long in zip(hostile(pattern, LENGTH), hostile(pattern, 4 * LENGTH), strict=True)
        if taken(short) > SUSPECT * seconds(PLAINEST, short)
    )
    # The least of three: another process may have taken the cache from one of them.
    return max(
        (min(taken(long) / taken(short) for _ in range(3)) for short, long in islice(suspects, 5)), default=0
    )


PATTERNS = patterns()


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_time_grows_no_faster_than_the_text(name: str) -> None:
    assert worst_growth(PATTERNS[name], searched=name not in ONLY_AT_THE_START) < WORST_GROWTH


# One that takes exponential time is found out by never ending.
@pytest.mark.parametrize("pattern", [r"color:\s*\"?\s*white", r"\S+@\S+"])
def test_a_pattern_that_takes_too_long_is_found_out(pattern: str) -> None:
    assert worst_growth(re.compile(pattern)) > WORST_GROWTH
