import pytest

pytest_plugins = [
    "servers.clamd",
    "servers.databases",
    "servers.disk",
    "servers.dovecot",
    "servers.faketime",
    "servers.hylafax",
    "servers.mailboxes",
    "servers.postgresql",
    "servers.proxy",
    "servers.network",
    "servers.smtp",
]

_LONG = ("reliability", "end_to_end", "fax", "pages")
"""Folders whose files take minutes: begun first, they do not keep one worker busy when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG)
