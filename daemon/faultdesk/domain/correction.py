"""What somebody who knows better says of a ticket's class: "fault/line cctv high", "线路 监控 紧急"."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.names import joined, meant
from faultdesk.domain.ticket import Classification, FaultClass, Kind, Role, Severity

RECLASSIFIED = "reclassified"
"""The event; its data are `labels`, by field of the classification, and of a mail `inbox` and the sender's `role`."""
_WORD = re.compile(r"[^\s,、;/。.!()]+")
_CAUSE = re.compile(r"([^\s,、;/。.!()]{1,40})/([^\s,、;/。.!()]{1,40})")
_SYSTEM = re.compile(r"[a-z][a-z0-9_]{1,40}")
# A colon, or in Chinese a blank: "class dismissed" is no correction. What is quoted begins otherwise.
_LINE = re.compile(r"\s{0,9}(?:(?:分类|分類|class|classification)\s{0,9}:|(?:分类|分類)\s)\s{0,9}(\S.*)")
_SENTENCE_END = re.compile(r"[。!]")
"""Behind it stands thanks, or whatever else people add."""
_MOST_LINES, _LONGEST_LINE = 200, 200


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of a ticket: the labels by field, and who. `role` None is an operator, by command."""

    labels: Mapping[str, str]
    by: str
    role: Role | None
    at: datetime

    @property
    def is_the_desks(self) -> bool:
        """Tell whether one of the desk's own people said it."""
        return self.role is not Role.CLIENT


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket whose reading was corrected: the message that opened it, what was read, what was said since."""

    reference: str
    message: InboundMessage
    """As it is kept: sender, subject, text and references."""
    answers: Mapping[str, Mapping[str, Any]]
    """What every handler made of it, by name, as a classification is written."""
    said: tuple[Said, ...]
    """Oldest first."""


def parse_correction(words: str, *, only_known: bool = False) -> Mapping[str, str]:
    """Read kind, fault class, system and severity, those that are said, in any order and either language.

    `only_known`: a word that is no name of anything is no name of a system either.

    Raises:
        ValueError: A word is none of these, or one is said twice; the text names it.
    """
    labels: dict[str, str] = {}
    said = unicodedata.normalize("NFKC", words).lower()
    for kind, cause in _CAUSE.findall(said):
        # A slip of the pen must not become a system of its own.
        if (meant(kind) or ("",))[0] == "kind" and meant(cause) is None:
            raise ValueError(f"{cause}: no class of a fault; as in: fault/line cctv high")
    for word in joined(_WORD.findall(said)):
        field, label = meant(word) or _named_system(word, only_known=only_known)
        if labels.setdefault(field, label) != label:
            raise ValueError(f"{word}: {field} is {labels[field]} already")
    if not labels:
        raise ValueError("nothing is said; as in: fault/line cctv high")
    if "fault_class" in labels and labels.setdefault("kind", Kind.FAULT) != Kind.FAULT:
        raise ValueError(f"{labels['fault_class']}: only a fault has such a class")
    return labels


def correction_in(text: str) -> str | None:
    """Find what a text says after "分类" or "class:" at the beginning of a line; several lines are one."""
    lines = [unicodedata.normalize("NFKC", line[:_LONGEST_LINE]) for line in text.splitlines()[:_MOST_LINES]]
    found = [
        _SENTENCE_END.split(match[1])[0].strip() for line in lines if (match := _LINE.fullmatch(line.lower()))
    ]
    return " ".join(found) or None


def corrected(classification: Classification, labels: Mapping[str, str]) -> Classification:
    """Give the classification with these labels, which nobody is unsure of any more."""
    changed = msgspec.convert(msgspec.to_builtins(classification) | dict(labels), Classification)
    fault_class = changed.fault_class if changed.kind is Kind.FAULT else None
    if changed.kind is Kind.FAULT and fault_class is None:
        fault_class = FaultClass.UNKNOWN
    unsure = tuple(field for field in changed.unsure if field not in labels)
    # Who says what it is about takes it for no advert.
    unsolicited = changed.unsolicited and changed.kind is Kind.OTHER
    return msgspec.structs.replace(changed, fault_class=fault_class, unsure=unsure, unsolicited=unsolicited)


_URGENCY = (Severity.LOW, Severity.NORMAL, Severity.HIGH, Severity.CRITICAL)


def raises(severity: str, above: Severity) -> bool:
    """Tell whether a severity is a higher one."""
    return _URGENCY.index(Severity(severity)) > _URGENCY.index(above)


def _named_system(word: str, *, only_known: bool) -> tuple[str, str]:
    if only_known or not _SYSTEM.fullmatch(word):
        raise ValueError(f"{word}: no kind, fault class, severity or name of a system")
    return "system", word
