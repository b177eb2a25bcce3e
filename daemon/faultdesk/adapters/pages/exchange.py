"""What goes to the child that reads pages, and what comes back: length-prefixed MessagePack over its pipes."""

from collections.abc import Mapping
from typing import Any

import msgspec

from faultdesk.domain.fax import Page

Handlers = Mapping[str, Mapping[str, Any]]
"""The settings of the handlers that read pages, by name."""


class PagesItem(msgspec.Struct, frozen=True, kw_only=True, tag="open"):
    """Open a mail for its pages: those of the documents of these names, from the one of this index on."""

    content: bytes
    documents: tuple[str, ...]
    first: int
    most: int
    """Pages that are read at all; that there are more is told."""
    resident_octets: int
    """Of memory, of which taking documents apart leaves the rest."""


class NextPage(msgspec.Struct, frozen=True, tag="next"):
    """Read the next page."""


class PageAnswer(msgspec.Struct, frozen=True):
    """A page, or None where there are no more."""

    page: Page | None = None


Request = PagesItem | NextPage
