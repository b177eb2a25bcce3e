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
_NAMES = frozenset(
    ["display", "visibility", "opacity", "font-size", "height", "max-height", "overflow", "mso-hide"]
)
_HIDES = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0|font-size:0|height:0|mso-hide:all"
)


class _Rule(NamedTuple):
    selector: str
    declared: dict[str, tuple[str, bool]]
    """Value by name, and whether it is important."""


def write_in(page: LexborHTMLParser) -> None:
    """Give each element that a rule hides the rule as its own style; what is for other media or states is left out.

    An element's own style is stronger, and of two rules the later one.
    """
    sheets = "\n".join(node.text(deep=True) or "" for node in page.css("style"))[:_LONGEST]
    if not _HIDES.search(re.sub(r"\s+", "", sheets.lower())) or _depth(sheets) > _DEEPEST:
        return
    found: dict[int, tuple[LexborNode, dict[str, tuple[str, bool]]]] = {}
    for rule in islice(_rules(sheets), _MOST_RULES):
        for node in _matched(page, rule.selector):
            _, declared = found.setdefault(node.mem_id, (node, {}))
            stronger = {name for name, (_, is_important) in declared.items() if is_important}
            declared |= {
                name: value for name, value in rule.declared.items() if value[1] or name not in stronger
            }
    for node, declared in found.values():
        own = node.attributes.get("style") or ""
        said = {name.strip().lower() for name in re.findall(r"(?:^|;)([^:;]{0,40}):", own)}
        added = [
            f"{name}:{value}" for name, (value, strong) in declared.items() if strong or name not in said
        ]
        node.attrs["style"] = ";".join([*added, own])


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
        declared = {
            one.lower_name: (tinycss2.serialize(one.value).strip(), one.important)
            for one in tinycss2.parse_blocks_contents(rule.content)
            if one.type == "declaration" and one.lower_name in _NAMES
        }
        for selector in tinycss2.serialize(rule.prelude).split(",") if declared else ():
            if ":" not in selector:
                yield _Rule(selector.strip(), declared)


def _matched(page: LexborHTMLParser, selector: str) -> list[LexborNode]:
    try:
        return page.css(selector)[:_MOST_ELEMENTS]
    except SelectolaxError:
        return []  # a selector that nobody understands hides nothing
