"""Says what a message is about, by terms that an operator can edit and a model that was learned."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from typer import Typer

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.decision import Job
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.night import next_night
from faultdesk.domain.ticket import Classification, Event, Role
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk_classify.decide import decide
from faultdesk_classify.learned.chain import load_chain, loaded_chain
from faultdesk_classify.learned.linear import Linear, load_linear, loaded_linear
from faultdesk_classify.learning import MODEL, SCHEDULE, TRAIN
from faultdesk_classify.learning.commands import classifier_commands
from faultdesk_classify.learning.school import learned_of, study
from faultdesk_classify.terms import load_terms, loaded_terms


class _Given:
    """What the desk gave a handler since it was made."""

    linear: Linear | None = None


# dict=True: room for what `cached_property` keeps beside the settings.
class ClassifyHandler(Handler, frozen=True, kw_only=True, dict=True):
    """Reads by weighted terms and small models: no network, and every answer names the words that told."""

    terms: Path | None = None
    """An operator's own terms file, in place of the bundled one."""
    model: Path | None = None
    """A model of facts that was trained elsewhere, in place of the bundled one."""
    linear: Path | None = None
    """Models of kind, fault class, system and severity that were trained elsewhere, in place of the bundled ones."""
    ask_below: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.4
    """What is less likely is unsure: taken from the terms alone, and the work order asks."""
    learn: bool = True
    """From corrections, at night; never beside models that were trained elsewhere."""
    learn_at: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:30"
    """In the desk's time zone."""

    def __post_init__(self) -> None:
        # At start, not at the first mail: a bad file must be refused while somebody is looking.
        load_terms(self.terms)
        load_chain(self.model)
        load_linear(self.linear)

    @property
    def learns(self) -> bool:
        """Tell whether corrections change how messages are read."""
        return self.learn and self.linear is None

    @cached_property
    def _given(self) -> _Given:
        return _Given()

    @hookimpl
    def classify_message(self, message: InboundMessage) -> Classification | None:
        """Say what a message is about."""
        terms, chain = loaded_terms(self.terms), loaded_chain(self.model)
        linear = self._given.linear or loaded_linear(self.linear)
        return decide(message, terms, linear, chain, self.ask_below)

    @hookimpl
    def artefact_kept(self, name: str, artefact: Artefact | None) -> None:
        """Read by what was learned, from now on."""
        if name == MODEL and self.learns:
            learned = learned_of(artefact)
            self._given.linear = Linear(learned.model) if learned else None

    @hookimpl
    def ticket_changed(self, event: Event) -> list[Job]:
        """Learn in the coming night from what the desk corrected."""
        said_by_the_desk = event.kind == RECLASSIFIED and event.data.get("role") != Role.CLIENT
        return [Job(SCHEDULE, name=SCHEDULE)] if self.learns and said_by_the_desk else []

    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        """Perform the training, and put it for the night."""
        return {SCHEDULE: self.schedule, TRAIN: self.train}

    def schedule(self, job: Job, desk: Desk) -> None:  # noqa: ARG002 - what performs a job takes it
        """Put the training for the coming night; a hook knows no time."""
        run_at = next_night(desk.now, self.learn_at, ZoneInfo(desk.identity.time_zone))
        desk.put(Job(TRAIN, name=TRAIN, run_at=run_at))

    def train(self, job: Job, desk: Desk) -> None:
        """Learn, and again in the next night: what was purged meanwhile is to be forgotten."""
        if self.learns:
            study(desk, self.terms, self.ask_below)
            self.schedule(job, desk)

    @hookimpl
    def commands(self) -> Mapping[str, Typer]:
        """Give `faultdesk classifier`."""
        return {"classifier": classifier_commands(self)}
