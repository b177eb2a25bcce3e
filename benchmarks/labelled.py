"""A folder of messages with labels (NNN.eml with NNN.json), and when a fact agrees with its label."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Facts
from faultdesk.reading import read_message

_BLANKS = re.compile(r"\s+")
_NO_DIGITS = re.compile(r"\D+")
_TITLE = re.compile(
    r"(?:先生|女士|小姐|老师|老師|经理|經理|主任|科长|科長|会计|會計|警官|师傅|師傅|工|科|姐|哥)$|^(?:mr|ms|mrs|dr)\.? ?"
    r"|^[小老阿](?=.)",
    re.IGNORECASE,
)
_SWAPPED = {"customer": "site", "site": "customer"}
Label = Mapping[str, Any]


class Labelled(NamedTuple):
    """A message, read, and what is true of it."""

    name: str
    message: InboundMessage
    label: Label

    @property
    def facts(self) -> Label:
        """What the writer tells, by the label."""
        told: Label = self.label.get("facts", {})
        return told

    def of_thread(self, key: str) -> Any:  # noqa: ANN401 - a label of any type
        """Tell what the label says of the message's thread: `token`, `reply_to_id`."""
        return self.label.get(key, self.label.get("meta", {}).get(key))


def load(folder: Path) -> list[Labelled]:
    """Read them all, in their order."""
    found = []
    for file in sorted(folder.glob("*.eml")):
        label = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        found.append(Labelled(file.stem, read_message(file.read_bytes()), label))
    return found


def _bare(text: str) -> str:
    return _BLANKS.sub("", text).casefold()


def _same(said: str, true: str) -> bool:
    return _bare(said) == _bare(true)


def _overlap(said: str, true: str) -> bool:
    said, true = _bare(said), _bare(true)
    return said in true or true in said


def _same_number(said: str, true: str) -> bool:
    return _NO_DIGITS.sub("", said) == _NO_DIGITS.sub("", true)


def _same_person(said: str, true: str) -> bool:
    return _same(_TITLE.sub("", said), _TITLE.sub("", true)) or _same(said, true)


def _same_day(said: str, true: str) -> bool:
    return said[:10] == true[:10] and (len(true) <= len("2026-01-01") or said[:16] == true[:16])


_AGREES: dict[str, Callable[[str, str], bool]] = {
    "phone": _same_number,
    "contact": _same_person,
    "location": _overlap,
    "device": _overlap,
    "occurred_at": _same_day,
}


def fact_agrees(name: str, said: Any, label: Label) -> bool:  # noqa: ANN401 - text or yes or no
    """Tell whether a fact is what the label says; customer and site may be swapped."""
    true = label.get(name)
    if said is None:
        return true is None
    if isinstance(said, bool) or isinstance(true, bool):
        return bool(said == true)
    agrees = _AGREES.get(name, _same)
    other = label.get(_SWAPPED.get(name, ""))
    if true is None and other is not None:
        true = other
    return true is not None and agrees(said, true)


def fact_names() -> tuple[str, ...]:
    """Name the facts that labels tell; a project is labelled as the site."""
    return tuple(name for name in Facts.__struct_fields__ if name != "project")
