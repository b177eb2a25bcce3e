"""What a handler makes of what the desk knows, and has the desk keep: a model, a table, an index."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec


class Artefact(msgspec.Struct, frozen=True, kw_only=True):
    """One version of it. At most one of a name is in force; one without octets was only tried.

    `figures` is for people to look at, and for the handler to know how it came about: never a client's words.
    """

    name: str
    """`handler.noun`, as the kinds of jobs are called."""
    version: int
    """From 1 on; one that was given is never given again."""
    made_at: datetime
    figures: Mapping[str, Any] = {}
    in_force: bool = False
    withdrawn_at: datetime | None = None
    """When somebody took it back; it never comes in force again."""
    content: bytes = b""
    """Its octets; of versions in a list, and of old ones, they are not given."""
