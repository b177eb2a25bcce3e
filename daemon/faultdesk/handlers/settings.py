"""Looks at a handler's settings, for its `__post_init__`; a ValueError there is a complaint of `check`."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from faultdesk.domain.client import LONGEST_SPAN
from faultdesk.domain.identity import is_deliverable


def require_addresses(setting: str, addresses: Iterable[str]) -> None:
    """Refuse what mail cannot be sent to.

    Raises:
        ValueError: One of them is no address.
    """
    for address in addresses:
        if not is_deliverable(address):
            raise ValueError(f"{setting}: {address} is not a mail address")


def require_folder(setting: str, folder: Path | None) -> None:
    """Refuse a folder that is not there; None is none.

    Raises:
        ValueError: It is not there, or no folder.
    """
    if folder is not None and not folder.is_dir():
        raise ValueError(f"{setting}: {folder} is not a folder")


def require_positive(setting: str, span: timedelta) -> None:
    """Refuse a span of no time or less, or of more than a year.

    Raises:
        ValueError: It is.
    """
    if span <= timedelta():
        raise ValueError(f"{setting}: must be longer than nothing")
    if span > LONGEST_SPAN:
        raise ValueError(f"{setting}: must be a year at most")
