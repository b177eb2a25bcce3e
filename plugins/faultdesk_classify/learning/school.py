"""Learns, compares and keeps, or says why not."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import Correction
from faultdesk.handlers import Desk
from faultdesk_classify.learned.linear import BUNDLED
from faultdesk_classify.learning import MODEL
from faultdesk_classify.learning.exchange import Learned, Request, TrainingFailedError, run_training
from faultdesk_classify.learning.lessons import Chosen, choose

FEWEST = 10
"""Corrections of the desk, before any is learned from: of fewer too few are held back to measure by."""


class Outcome(NamedTuple):
    """What came of an attempt: the model was kept, or why it was not; `is_new` is false when there was none."""

    kept: bool
    is_new: bool
    reasons: tuple[str, ...]


@cache
def bundled_print() -> str:
    """Tell the bundled models from those of other versions, which see messages with other eyes."""
    octets = files("faultdesk_classify.learned").joinpath(BUNDLED).read_bytes()
    return hashlib.sha256(octets).hexdigest()[:16]


def learned_of(artefact: Artefact | None) -> Learned | None:
    """Give the models of an artefact; None if it was made beside other bundled ones.

    Raises:
        msgspec.MsgspecError: It holds something else.
    """
    if artefact is None or artefact.figures.get("bundled") != bundled_print():
        return None
    return msgspec.msgpack.decode(artefact.content, type=Learned)


def study(desk: Desk, terms: Path | None, ask_below: float, *, again: bool = False) -> Outcome:
    """Learn from what was corrected, unless all of it was tried before; `again` tries it all the same."""
    versions = desk.versions(MODEL)
    corrections = desk.corrections()
    chosen = choose(corrections, versions)
    if len(chosen.lessons) < FEWEST:
        told = f"{len(chosen.lessons)} corrections can be learned from; {FEWEST} are needed"
        return Outcome(kept=False, is_new=False, reasons=(told,))
    source = _source(chosen, terms)
    tried = next((one for one in reversed(versions) if one.figures.get("source") == source), None)
    if tried is not None and not again:
        told = f"nothing was corrected since version {tried.version} was tried"
        return Outcome(kept=False, is_new=False, reasons=(told,))
    request = Request(
        lessons=chosen.lessons,
        measured=_rival(learned_of(desk.kept(MODEL)), corrections),
        terms=terms,
        ask_below=ask_below,
    )
    try:
        trained = run_training(request)
    except TrainingFailedError as error:
        # Without its source: the next night tries again.
        reasons = (f"the training failed: {error}",)
        desk.keep(MODEL, b"", {"kept": False, "reasons": reasons, "corrections": len(chosen.lessons)})
        return Outcome(kept=False, is_new=True, reasons=reasons)
    kept = not trained.reasons
    figures = {
        **trained.figures,
        "bundled": bundled_print(),
        "source": source,
        "until": chosen.until.isoformat() if chosen.until else None,
        "kept": kept,
        "reasons": trained.reasons,
    }
    references = [lesson.reference for lesson in chosen.lessons]
    learned = Learned(trained.model, trained.measured, references)
    desk.keep(MODEL, msgspec.msgpack.encode(learned) if kept else b"", figures)
    return Outcome(kept=kept, is_new=True, reasons=tuple(trained.reasons))


def _rival(in_force: Learned | None, corrections: Iterable[Correction]) -> bytes:
    """Give what the new model must not lose to; none is the bundled one.

    What learned from tickets that were purged or erased is no rival: it could not be beaten without them.
    """
    if in_force is None or set(in_force.references).difference(one.reference for one in corrections):
        return b""
    return in_force.measured


def _source(chosen: Chosen, terms: Path | None) -> str:
    """Tell apart what is learned from."""
    whole: Mapping[str, Any] = {
        "bundled": bundled_print(),
        "terms": terms.read_text(encoding="utf-8") if terms else "",
        "lessons": chosen.lessons,
    }
    return hashlib.sha256(msgspec.msgpack.encode(whole)).hexdigest()[:16]
