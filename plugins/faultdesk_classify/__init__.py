"""Says what a message is about, by terms that an operator can edit and a model that was learned."""

from pathlib import Path
from typing import Annotated

import msgspec

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Classification
from faultdesk.handlers import Handler, hookimpl
from faultdesk_classify.decide import decide
from faultdesk_classify.learned.chain import load_chain, loaded_chain
from faultdesk_classify.learned.linear import load_linear, loaded_linear
from faultdesk_classify.terms import load_terms, loaded_terms


class ClassifyHandler(Handler, frozen=True, kw_only=True):
    """Reads by weighted terms and small models: no network, and every answer names the words that told."""

    terms: Path | None = None
    """An operator's own terms file, in place of the bundled one."""
    model: Path | None = None
    """A model of facts that was trained elsewhere, in place of the bundled one."""
    linear: Path | None = None
    """Models of kind, fault class, system and severity that were trained elsewhere, in place of the bundled ones."""
    ask_below: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.4
    """What is less likely is unsure: taken from the terms alone, and the work order asks."""

    def __post_init__(self) -> None:
        # At start, not at the first mail: a bad file must be refused while somebody is looking.
        load_terms(self.terms)
        load_chain(self.model)
        load_linear(self.linear)

    @hookimpl
    def classify_message(self, message: InboundMessage) -> Classification | None:
        """Say what a message is about."""
        terms, linear, chain = loaded_terms(self.terms), loaded_linear(self.linear), loaded_chain(self.model)
        return decide(message, terms, linear, chain, self.ask_below)
