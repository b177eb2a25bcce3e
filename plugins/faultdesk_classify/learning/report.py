"""What was learned and what is corrected, as rows of a listing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import Correction
from faultdesk_classify.learning.lessons import choose
from faultdesk_classify.learning.school import FEWEST, bundled_print
from faultdesk_classify.rules import TOPICS

COLUMNS = ("what", "name", "count", "since", "detail")
_NAMED = 10
"""Tickets that are named; the rest is counted."""
_ATTEMPTS = 5

Row = dict[str, Any]


def report(corrections: Sequence[Correction], versions: Sequence[Artefact], *, learns: bool) -> list[Row]:
    """Tell which model reads, how the last attempts went, what is corrected, and what was taken for what."""
    return [
        _model(versions, learns=learns),
        *(_attempt(one) for one in versions[-_ATTEMPTS:] if not one.in_force),
        *_counts(corrections, versions),
        *_confusion(corrections),
    ]


def _model(versions: Sequence[Artefact], *, learns: bool) -> Row:
    now = next((one for one in versions if one.in_force), None)
    if not learns:
        return _row(
            "model", "as configured", None, detail="[handlers.classify] names its own, or does not learn"
        )
    if now is None:
        return _row("model", "bundled", None, detail="nothing that was learned is in force")
    told = _right(now.figures)
    if now.figures.get("bundled") != bundled_print():
        told = "of another version of faultdesk: the bundled one reads until the next training"
    return _row(
        "model", f"version {now.version}", now.figures.get("corrections"), now.made_at, told, now.figures
    )


def _attempt(one: Artefact) -> Row:
    figures = one.figures
    if one.withdrawn_at:
        return _row(
            "withdrawn", f"version {one.version}", figures.get("corrections"), one.withdrawn_at, "", figures
        )
    if figures.get("kept"):
        return _row("former", f"version {one.version}", figures.get("corrections"), one.made_at, "", figures)
    told = "; ".join(figures.get("reasons", ()))
    return _row("not kept", f"version {one.version}", figures.get("corrections"), one.made_at, told, figures)


def _right(figures: Mapping[str, Any]) -> str:
    """Sum up what was read right of what was held, before and now."""
    texts, said = figures.get("texts_right", {}), figures.get("corrections_right", {})
    parts = [
        f"{topic}: texts {texts[topic]['bundled']}→{texts[topic]['new']}/{texts[topic]['of']}, "
        f"corrections {said[topic]['in_force']}→{said[topic]['new']}/{said[topic]['of']}"
        for topic in TOPICS
        if topic in texts and topic in said
    ]
    return "; ".join(parts)


def _counts(corrections: Sequence[Correction], versions: Sequence[Artefact]) -> Iterator[Row]:
    chosen = choose(corrections, versions)
    enough = "" if len(chosen.lessons) >= FEWEST else f"{FEWEST} are needed"
    yield _row("corrections", "learned from", len(chosen.lessons), chosen.until, enough)
    for name, references, told in (
        ("unconfirmed", chosen.unconfirmed, "a client's alone; `faultdesk classify` them: "),
        ("set aside", chosen.set_aside, "went with what was taken back; say them again: "),
        ("too many", chosen.capped, "of one address: "),
    ):
        if references:
            yield _row("corrections", name, len(references), None, told + _named(references))


def _named(references: Sequence[str]) -> str:
    more = len(references) - _NAMED
    return ", ".join(references[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _confusion(corrections: Iterable[Correction]) -> Iterator[Row]:
    """Count what was read as what, the commonest first."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for one in corrections:
        read = one.answers.get("classify", {})
        said = {field: label for word in one.said for field, label in word.labels.items()}
        for topic, label in said.items():
            if topic in TOPICS and topic in read and (was := str(read[topic] or "none")) != label:
                counted[topic, was, label] += 1
    for (topic, was, label), count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
        yield _row("confusion", topic, count, None, f"{was} → {label}") | {"read": was, "corrected": label}


def _row(
    what: str, name: str, count: int | None, since: object = None, detail: str = "", figures: object = None
) -> Row:
    row: Row = {"what": what, "name": name, "count": count, "since": since, "detail": detail}
    return row | ({"figures": figures} if figures else {})
