"""What handlers have the desk keep, as the pipeline needs it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from faultdesk.domain.artefact import Artefact


class Artefacts(Protocol):
    """Versions of handlers' artefacts; of each name at most one is in force."""

    def keep(self, name: str, content: bytes, figures: Mapping[str, Any], now: datetime) -> int:
        """Add a version, which is in force from now on; without octets it is only noted. Return its number."""

    def withdraw(self, name: str, now: datetime, *, everything: bool) -> None:
        """Take back what is in force: the one before it is again, or with `everything` none."""

    def kept(self, name: str) -> Artefact | None:
        """Give what is in force, with its octets."""

    def versions(self, name: str) -> tuple[Artefact, ...]:
        """List the versions, oldest first, without octets."""

    def in_force(self) -> Mapping[str, int]:
        """Tell the version in force of every name that has one."""
