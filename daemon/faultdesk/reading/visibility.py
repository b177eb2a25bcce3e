"""Which elements of a page a person does not see: those hidden, of no size, or white on white."""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborNode

_ZERO = r":\s{0,9}0(?:\.0{1,9})?(?:px|pt|em|rem|%)?(?![\w.%])"
_UNSEEN = re.compile(
    r"display\s{0,9}:\s{0,9}none|mso-hide\s{0,9}:\s{0,9}all|opacity\s{0,9}:\s{0,9}0(?![.\d])", re.IGNORECASE
)
_NO_HEIGHT = re.compile(rf"(?<![\w-])(?:max-)?height\s{{0,9}}{_ZERO}", re.IGNORECASE)
_CLIPPED = re.compile(r"(?<![\w-])overflow(?:-y)?\s{0,9}:\s{0,9}(?:hidden|clip)", re.IGNORECASE)
_GROWS = frozenset({"tr", "td", "th", "table", "tbody"})
"""Elements to whom a height is the least they have: they grow with their content."""
_SIZE = re.compile(r"(?<![\w-])font(?:-size)?\s{0,9}:([^;]{0,200})", re.IGNORECASE)
_NO_SIZE = re.compile(rf"font-size\s{{0,9}}{_ZERO}", re.IGNORECASE)
_OWN_SIZE = re.compile(
    r"(?<![\w.-])(?:0?\.\d{0,9}[1-9]|0{0,9}[1-9][\d.]{0,9})(?:px|pt|pc|rem|cm|mm|in|vw)"
    r"|(?<![\w-])(?:x{0,2}-?small|medium|x{0,3}-?large|initial)\b",
    re.IGNORECASE,
)
"""A size that is no share of the parent's, which could be none."""
_VISIBILITY = re.compile(r"(?<![\w-])visibility\s{0,9}:\s{0,9}(\w{1,20})", re.IGNORECASE)
_INVISIBLE = frozenset({"hidden", "collapse"})
_HINT = re.compile(r"\shidden\b|visibility|font-size|height|display|mso-hide|opacity", re.IGNORECASE)
_WHITE = r"(?:#fff(?:fff)?\b|white\b|rgba?\(\s{0,9}255\s{0,9},\s{0,9}255\s{0,9},\s{0,9}255\b)"
_WHITE_TEXT = re.compile(rf"(?<![\w-])color\s{{0,9}}[:=][\s\"']{{0,9}}{_WHITE}", re.IGNORECASE)
_COLOURED = re.compile(
    rf"background(?:-color|-image)?\s{{0,9}}:\s{{0,9}}(?!\s|{_WHITE}|transparent|none|inherit|initial)",
    re.IGNORECASE,
)
_NOT_WHITE = re.compile(rf"(?!\s{{0,9}}(?:{_WHITE}|$))", re.IGNORECASE)
_FURTHEST = 60
"""Elements around one that are asked for their background."""


def may_hide(html: str) -> bool:
    """Tell at a glance whether anything in it could be hidden."""
    return bool(_HINT.search(html) or _WHITE_TEXT.search(html))


class Inherited(NamedTuple):
    """What an element hands down, and each within it may take back."""

    has_size: bool = True
    is_visible: bool = True

    def within(self, node: LexborNode) -> "Inherited":
        """Give what holds for the texts of an element that stands in this."""
        attributes = node.attributes
        style = attributes.get("style") or ""
        has_size, is_visible = self
        # Without a doctype, as mails are shown, a table takes no size from what is around it.
        if node.tag == "table" or (node.tag == "font" and attributes.get("size")):
            has_size = True
        for size in _SIZE.finditer(style):
            if _NO_SIZE.match(size[0]):
                has_size = False
            elif _OWN_SIZE.search(size[1]):
                has_size = True
        if values := _VISIBILITY.findall(style):
            is_visible = values[-1].lower() not in _INVISIBLE
        return Inherited(has_size=has_size, is_visible=is_visible)


def is_hidden(node: LexborNode) -> bool:
    """Tell whether an element is not seen, nor anything in it."""
    attributes = node.attributes
    if not attributes:
        return False
    style = attributes.get("style") or ""
    if "hidden" in attributes or _UNSEEN.search(style):
        return True
    if node.tag not in _GROWS and _CLIPPED.search(style) and _NO_HEIGHT.search(style):
        return True
    is_white = _WHITE_TEXT.search(style) or _WHITE_TEXT.match(f"color={attributes.get('color') or ''}")
    return bool(is_white) and not _stands_on_colour(node)


def _stands_on_colour(node: LexborNode) -> bool:
    around: LexborNode | None = node
    for _ in range(_FURTHEST):
        if around is None:
            return False
        attributes = around.attributes
        if _COLOURED.search(attributes.get("style") or "") or "background" in attributes:
            return True
        if _NOT_WHITE.match(attributes.get("bgcolor") or ""):
            return True
        around = around.parent
    return True
