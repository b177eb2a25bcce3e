"""What a page's own style sheets hide, written into its elements, where visibility is looked for."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import tinycss2
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

_LONGEST = 64 * 1024
"""Characters of style sheets that are looked at."""
_MOST_RULES, _MOST_ELEMENTS = 100, 2_000
_DEEPEST = 20
_BRACKET = re.compile(r"[(){}\[\]]")
_SHORTHANDS = {"font": "font-size"}
_HINT = re.compile(r"display:none|visibility:(?:hidden|collapse)|opacity:0|font-size:0|height:0|mso-hide:all")


_HIDES = {
    "display": re.compile("none"),
    "visibility": re.compile("hidden|collapse"),
    "opacity": re.compile(r"0(?:\.0{1,9})?%?"),
    "font-size": re.compile(r"0(?:\.0{1,9})?(?:px|pt|em|rem|%)?"),
    "height": re.compile(r"0(?:\.0{1,9})?(?:px|pt|em|rem|%)?"),
    "max-height": re.compile(r"0(?:\.0{1,9})?(?:px|pt|em|rem|%)?"),
    "overflow": re.compile("hidden|clip"),
    "mso-hide": re.compile("all"),
}
"""Values by name; any other value shows."""
_SCREEN = frozenset({"", "all", "screen"})


class _Said(NamedTuple):
    """What one rule says of a property."""

    name: str
    value: str
    is_important: bool

    @property
    def hides(self) -> bool:
        return _HIDES[self.name].fullmatch(self.value) is not None


class _Rule(NamedTuple):
    selector: str
    said: tuple[_Said, ...]


def write_in(page: LexborHTMLParser) -> None:
    """Give each element that rules hide, and none shows, what hides it as its own style.

    What is for other media or states is left out. Which of two rules is stronger is not worked out: an element that one
    of them shows is read, and its own style is the strongest.
    """
    sheets = "\n".join(
        node.text(deep=True) or ""
        for node in page.css("style")
        if (node.attributes.get("media") or "").strip().lower() in _SCREEN
    )[:_LONGEST]
    if not _HINT.search(re.sub(r"\s+", "", sheets.lower())) or _depth(sheets) > _DEEPEST:
        return
    found: dict[int, tuple[LexborNode, list[_Said]]] = {}
    for rule in islice(_rules(sheets), _MOST_RULES):
        for node in _matched(page, rule.selector):
            found.setdefault(node.mem_id, (node, []))[1].extend(rule.said)
    for node, said in found.values():
        own = node.attributes.get("style") or ""
        owned = {name.strip().lower() for name in re.findall(r"(?:^|;)([^:;]{0,40}):", own)}
        added = [f"{one.name}:{one.value}" for one in said if one.hides and not _is_shown(one, said, owned)]
        node.attrs["style"] = ";".join([*dict.fromkeys(added), own])


def _is_shown(one: _Said, said: list[_Said], owned: set[str]) -> bool:
    """Tell whether another rule, or the element itself, says otherwise at least as strongly."""
    others = (other for other in said if other.name == one.name and not other.hides)
    return (one.name in owned and not one.is_important) or any(
        other.is_important >= one.is_important for other in others
    )


def _depth(sheets: str) -> int:
    """Count the brackets within each other, which are gone into by recursion."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(sheets):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def _rules(sheets: str) -> Iterator[_Rule]:
    for rule in tinycss2.parse_stylesheet(sheets, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        declarations = (
            one for one in tinycss2.parse_blocks_contents(rule.content) if one.type == "declaration"
        )
        said = tuple(
            _Said(
                _SHORTHANDS.get(one.lower_name, one.lower_name),
                tinycss2.serialize(one.value).strip().lower(),
                one.important,
            )
            for one in declarations
            if _SHORTHANDS.get(one.lower_name, one.lower_name) in _HIDES
        )
        for selector in tinycss2.serialize(rule.prelude).split(",") if said else ():
            if ":" not in selector:
                yield _Rule(selector.strip(), said)


def _matched(page: LexborHTMLParser, selector: str) -> list[LexborNode]:
    try:
        return page.css(selector)[:_MOST_ELEMENTS]
    except SelectolaxError:
        return []  # a selector that nobody understands hides nothing
