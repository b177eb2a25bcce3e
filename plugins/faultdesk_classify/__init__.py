"""Says what a message is about, by terms that an operator can edit."""

from pathlib import Path

from faultdesk.domain.message import InboundMessage
from faultdesk.domain.ticket import Classification
from faultdesk.handlers import Handler, hookimpl
from faultdesk_classify.decide import decide
from faultdesk_classify.terms import load_terms, loaded_terms


class ClassifyHandler(Handler, frozen=True):
    """Reads by weighted terms: no model, no network, and every answer names the words that told."""

    terms: Path | None = None
    """An operator's own terms file, in place of the bundled one."""

    def __post_init__(self) -> None:
        # At start, not at the first mail: a bad file must be refused while somebody is looking.
        load_terms(self.terms)

    @hookimpl
    def classify_message(self, message: InboundMessage) -> Classification | None:
        """Say what a message is about."""
        return decide(message, loaded_terms(self.terms))
