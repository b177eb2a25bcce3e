"""Who writes under a name or from a domain made to look like somebody else's."""

import re
import unicodedata
from collections.abc import Collection

from faultdesk.domain.message import Address

_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
# Letters of other scripts and digits that a reader takes for a Latin letter (Unicode TR 39, those of host names).
_LOOKS_LIKE = str.maketrans(
    {
        like: letter
        for letter, several in {
            "a": "аαɑ", "b": "вь", "c": "с", "d": "ԁ", "e": "еε", "g": "ɡ", "h": "һнհ", "j": "ј", "k": "кκ",
            "l": "1iіιıӏℓ", "m": "м", "n": "пո", "o": "0оοօσ", "p": "рρ", "q": "ԛգ", "r": "г", "s": "5ѕ", "t": "тτ",
            "u": "υսц", "v": "νѵ", "w": "ωԝ", "x": "хχ", "y": "уγ",
        }.items()
        for like in several
    }
)  # fmt: skip
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def plain(text: str) -> str:
    """Write a text without what no eye sees, and letters of other widths as plain ones."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")


def skeleton(domain: str) -> str:
    """Give what a domain looks like at a glance: two that look alike have one skeleton."""
    shown = ".".join(map(_label, plain(domain).lower().split(".")))
    letters = "".join(
        char for char in unicodedata.normalize("NFKD", shown) if not unicodedata.combining(char)
    )
    letters = letters.translate(_LOOKS_LIKE)
    for pair, letter in _PAIRS:
        letters = letters.replace(pair, letter)
    return letters.replace("-", "")


def imitated_domain(domain: str, known: Collection[str]) -> str | None:
    """Find the known domain that this one looks like without being it, or a part of it."""
    if not domain or any(domain == one or domain.endswith(f".{one}") for one in known):
        return None
    like = skeleton(domain)
    return next((one for one in sorted(known) if skeleton(one) == like), None)


def shown_address(person: Address) -> str | None:
    """Find the address that a display name shows, if it is not the person's own."""
    shown = [found.lower().rstrip(".") for found in _ADDRESS.findall(plain(person.name))]
    return next((one for one in shown if one != person.address), None)


def _label(label: str) -> str:
    """Show a label as a mail program does: punycode (RFC 3492) as its letters."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
