"""Pages that would take the parser quadratic time."""

import re
from collections import Counter

_DEEPEST = 2_000
"""Open blocks beyond which the parser's quadratic time shows."""
_BLOCK_TAG = re.compile(
    r"<(/?)(?:(div|blockquote|center|section|article|dl|ul|ol|form|fieldset|main|nav|pre|aside|header|footer)"
    r"|(p|td)|(a|b|i|u|s|em|tt|big|code|font|nobr|small|strike|strong))\b",
    re.IGNORECASE,
)
_WHOLE_TAG = re.compile(r"""<[a-z](?:[^>"']++|"[^"]*+"|'[^']*+')*+""", re.IGNORECASE)
_HARMLESS, _LONGEST_TAG = 32 * 1024, 8 * 1024
"""Characters of a page, and of one tag in a longer one: the parser takes quadratic time for attributes."""
_SMALL = 8 * 1024
"""Characters of a page that cannot become a bomb."""
_MOST_REOPENED = 300_000
"""Elements: what is bold and not ended is begun again by the parser in each paragraph that follows."""


def is_bomb(html: str) -> bool:
    """Estimate how many blocks are open at once, those of each kind that are never closed, and what is begun again."""
    if len(html) <= _SMALL:
        return False
    if len(html) > _HARMLESS and any(len(tag[0]) > _LONGEST_TAG for tag in _WHOLE_TAG.finditer(html)):
        return True
    open_blocks, open_formats = Counter[str](), Counter[str]()
    blocks = 0
    for slash, block, paragraph, formatting in _BLOCK_TAG.findall(html):
        step = -1 if slash else 1
        blocks += not slash and not formatting
        if block:
            open_blocks[block.lower()] += step
        elif not paragraph:
            open_formats[formatting.lower()] += step
    depth, formats = (sum(n for n in counts.values() if n > 0) for counts in (open_blocks, open_formats))
    return depth > _DEEPEST or formats * blocks > _MOST_REOPENED
