"""What the fields of a fault report are called, in Chinese (either script) and English, and which names mean no field."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from typing import NamedTuple

_SIMPLIFIED = str.maketrans(
    "報單產電聯絡繫繋話傳真號碼項稱發時間點緊級優現狀況說內詳類別設備條約協議戶機構維業經辦員姓處應標題樓區負責嚴課編櫃",
    "报单产电联络系系话传真号码项称发时间点紧级优现状况说内详类别设备条约协议户机构维业经办员姓处应标题楼区负责严课编柜",
)
_BRACKETED = re.compile(r"[(（\[【][^)）\]】]{0,20}[)）\]】]?")
_NUMBERED = re.compile(
    r"^[\s*★●•·\-]{0,4}(?:[(（]?[0-9一二三四五六七八九十]{1,2}[)）.、．]\s{0,2})?[\s*★●•·]{0,3}"
)
_SIGNS = re.compile(r"[\W_]+")
_LATIN = re.compile(r"[a-z]+")
_HAN = re.compile(r"[一-鿿]+")
_LONGEST = 40
"""Characters that a label has at most, blanks included."""
_FUZZY_HAN, _FUZZY_LATIN = 4, 6
"""Letters that a label must have for one of them to be misread."""
_SHORTEST_FUZZY = 3
"""The same where a colon follows."""
_TWO = 2
"""The same before a number to dial, which is none without digits."""


RECIPIENT = "to"
"""Whom a cover sheet is for; no field of a report."""


class Meaning(NamedTuple):
    """What a label stands for: the name of a field, or "" for one that is none of ours."""

    name: str
    is_exact: bool = True


def _spelt(labels: str) -> Iterator[str]:
    yield from ("".join(parts) for parts in product(*(group.split("|") for group in labels.split())))


def _loaded() -> dict[str, str]:
    """Read the names of all labels; of one that stands there twice the first is meant."""
    table = tomllib.loads(files(__package__).joinpath("labels.toml").read_text(encoding="utf-8"))
    meant: dict[str, str] = {}
    for name, patterns in table.items():
        for label in (label for pattern in patterns for label in _spelt(pattern)):
            meant.setdefault(label, "" if name == "none" else name)
    return meant


_MEANINGS = _loaded()
_BY_LENGTH: dict[int, list[str]] = {}
for _label in _MEANINGS:
    _BY_LENGTH.setdefault(len(_label), []).append(_label)


def meaning_of(text: str, *, may_be_misread: bool, has_colon: bool = False) -> Meaning | None:
    """Tell what a label means, one letter misread or not; None when it is none."""
    if len(text) > _LONGEST:
        return None
    plain = _plain(_NUMBERED.sub("", text))
    bare = _plain(_BRACKETED.sub("", _NUMBERED.sub("", text)))
    for form in (plain, bare, *_scripts(bare)):
        if form in _MEANINGS:
            return Meaning(_MEANINGS[form])
    if may_be_misread:
        for form in (bare, *_scripts(bare)):
            if near := _nearest(form, has_colon=has_colon):
                return Meaning(_MEANINGS[near], is_exact=False)
    return None


def _plain(text: str) -> str:
    """Fold what a label may be written in: blanks between its letters, either script, full width, case."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text).casefold()).translate(_SIMPLIFIED)


def _scripts(plain: str) -> tuple[str, ...]:
    """Part a label in two languages: either may be known."""
    parts = "".join(_HAN.findall(plain)), "".join(_LATIN.findall(plain))
    return parts if all(parts) else ()


def _nearest(plain: str, *, has_colon: bool) -> str | None:
    """Find the label that differs in one letter, if it is one only."""
    is_han = bool(_HAN.search(plain))
    fewest = (_TWO if has_colon else _FUZZY_HAN) if is_han else _FUZZY_LATIN
    if len(plain) < fewest:
        return None
    lengths = (0,) if len(plain) <= max(fewest, _SHORTEST_FUZZY) else (0, -1, 1)
    near = [
        label
        for more in lengths
        for label in _BY_LENGTH.get(len(plain) + more, ())
        if _is_one_off(plain, label)
    ]
    names = {_MEANINGS[label] for label in near}
    if len(plain) == _TWO and not names <= {"phone", "fax"}:
        return None
    return near[0] if len(names) == 1 else None


def _is_one_off(one: str, other: str) -> bool:
    """Tell whether one letter was exchanged, lost or added."""
    same = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest, left = one[same:], other[same:]
    if len(one) == len(other):
        return rest[1:] == left[1:]
    return rest[1:] == left if len(one) > len(other) else rest == left[1:]
