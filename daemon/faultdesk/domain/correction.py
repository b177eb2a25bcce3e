"""What somebody who knows better says of a ticket's class: "fault/line cctv high"."""

import re
from collections.abc import Mapping

import msgspec

from faultdesk.domain.ticket import Classification, FaultClass, Kind, Severity

RECLASSIFIED = "reclassified"
"""The event; its data are `labels`, by field of the classification."""
_WORD = re.compile(r"[^\s,，、;；]+")
_SYSTEM = re.compile(r"[a-z][a-z0-9_]{1,40}")


def parse_correction(words: str) -> Mapping[str, str]:
    """Read kind, fault class, system and severity, those that are said, in any order.

    Raises:
        ValueError: A word is none of these, or one is said twice; the text names it.
    """
    labels: dict[str, str] = {}
    for word in _WORD.findall(words.lower()):
        for part in word.split("/"):
            field = _field_of(part)
            if field in labels:
                raise ValueError(f"{part}: {field} is {labels[field]} already")
            labels[field] = part
    if not labels:
        raise ValueError("nothing is said; as in: fault/line cctv high")
    if "fault_class" in labels and labels.setdefault("kind", Kind.FAULT) != Kind.FAULT:
        raise ValueError(f"{labels['fault_class']}: only a fault has such a class")
    return labels


def corrected(classification: Classification, labels: Mapping[str, str]) -> Classification:
    """Give the classification with these labels, which nobody is unsure of any more."""
    changed = msgspec.convert(msgspec.to_builtins(classification) | dict(labels), Classification)
    fault_class = changed.fault_class if changed.kind is Kind.FAULT else None
    if changed.kind is Kind.FAULT and fault_class is None:
        fault_class = FaultClass.UNKNOWN
    unsure = tuple(field for field in changed.unsure if field not in labels)
    return msgspec.structs.replace(changed, fault_class=fault_class, unsure=unsure)


def _field_of(word: str) -> str:
    for field, known in (("kind", Kind), ("fault_class", FaultClass), ("severity", Severity)):
        if word in set(known):
            return field
    if not _SYSTEM.fullmatch(word):
        raise ValueError(f"{word}: no kind, fault class, severity or name of a system")
    return "system"
