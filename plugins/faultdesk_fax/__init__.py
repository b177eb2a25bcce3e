"""Knows a fax gateway's mail: a received fax, or what became of one that was sent."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from faultdesk.domain.fax import Receipt, Reception
from faultdesk.domain.message import InboundMessage
from faultdesk.errors import ConfigError
from faultdesk.handlers import Handler, hookimpl
from faultdesk_fax.dialects import Dialect, load_dialects
from faultdesk_fax.gateways import Gateway, receipt, reception


class FaxHandler(Handler, frozen=True, kw_only=True):
    """The gateways whose mail is believed, by name, and the dialects they speak."""

    gateways: Mapping[str, Gateway] = msgspec.field(default_factory=dict)
    dialects: Path | None = None
    """A file of an operator's own dialects; one of a bundled one's name takes its place."""

    def __post_init__(self) -> None:
        known = self._known()
        for name, gateway in self.gateways.items():
            if gateway.dialect not in known:
                raise ConfigError(
                    f"handlers.fax.gateways.{name}.dialect: {gateway.dialect}: there are {sorted(known)}"
                )
            if not gateway.senders:
                raise ConfigError(f"handlers.fax.gateways.{name}.senders: names nobody who is believed")

    def _known(self) -> Mapping[str, Dialect]:
        return load_dialects(self.dialects)

    @hookimpl
    def recognise_fax(self, message: InboundMessage) -> Reception | Receipt | None:
        """Say which fax a configured gateway passes on, or what became of one; nobody else is believed."""
        for name, gateway in self.gateways.items():
            if not gateway.is_sender(message.sender):
                continue
            dialect = self._known()[gateway.dialect]
            if found := receipt(name, gateway, dialect, message) or reception(
                name, gateway, dialect, message
            ):
                return found
        return None
