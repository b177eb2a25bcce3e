"""Which elements of a page a person does not see: those hidden, of no size, or white on white."""

import re

from selectolax.lexbor import LexborNode

_HIDDEN = re.compile(
    r"\shidden\b|display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|mso-hide\s{0,9}:\s{0,9}all|opacity\s{0,9}:\s{0,9}0(?![.\d])"
    r"|(?<![\w-])(?:font-size|max-height|height)\s{0,9}:\s{0,9}0(?:px|pt|em)?\s{0,9}(?:;|!|$|[\"'])",
    re.IGNORECASE,
)
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
    return bool(_HIDDEN.search(html) or _WHITE_TEXT.search(html))


def is_hidden(node: LexborNode) -> bool:
    """Tell whether an element is not seen."""
    attributes = node.attributes
    if not attributes:
        return False
    style = attributes.get("style") or ""
    if "hidden" in attributes or _HIDDEN.search(style):
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
