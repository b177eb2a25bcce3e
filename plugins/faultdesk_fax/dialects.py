"""The dialects of gateways: how their mails are known and what stands where, as a table that operators extend."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import msgspec

from faultdesk.domain.fax import Outcome
from faultdesk.errors import ConfigError

_GROUPS = frozenset(
    {"caller", "called", "station", "pages", "received", "key", "note", "number", "job", "reason"}
)

Pattern = Annotated[str, msgspec.Meta(min_length=1)]


class Dialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one kind of gateway writes. Patterns are searched in the head ("From: ", "To: ", "Subject: ") and the text."""

    fax: Pattern
    """Its mails that pass on a received fax."""
    needs_pages: bool = False
    """Without a page attached its mail is none of these: a printer also writes of its toner."""
    facts: tuple[Pattern, ...] = ()
    """What stands where, as named groups; the first that matches counts."""
    incomplete: str = ""
    """Where it says that pages are missing or damaged."""
    times: tuple[str, ...] = ()
    """The forms of its times, for strptime."""
    receipts: Mapping[Outcome, Pattern] = msgspec.field(default_factory=dict)
    """Its mails about a fax that was sent, by what became of it."""
    receipt_facts: tuple[Pattern, ...] = ()

    def patterns(self) -> Iterator[str]:
        """Give every pattern there is."""
        yield self.fax
        yield from self.facts
        yield from self.receipts.values()
        yield from self.receipt_facts
        if self.incomplete:
            yield self.incomplete


@cache
def load_dialects(path: Path | None) -> Mapping[str, Dialect]:
    """Read the bundled dialects, and an operator's own over them.

    Raises:
        ConfigError: A table or a pattern is wrong; it is named.
    """
    bundled = files(__package__).joinpath("dialects.toml")
    known = _read("dialects.toml", bundled.read_text(encoding="utf-8"))
    if path is None:
        return known
    try:
        return {**known, **_read(str(path), path.read_text(encoding="utf-8"))}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _read(name: str, text: str) -> dict[str, Dialect]:
    try:
        table: dict[str, Any] = tomllib.loads(text)
        dialects = msgspec.convert(table, dict[str, Dialect])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{name}: {error}") from error
    for dialect_name, dialect in dialects.items():
        for pattern in dialect.patterns():
            _check(f"{name}: {dialect_name}", pattern)
    return dialects


def _check(where: str, pattern: str) -> None:
    try:
        groups = compiled(pattern).groupindex
    except re.error as error:
        raise ConfigError(f"{where}: {pattern}: {error}") from error
    if unknown := sorted(set(groups) - _GROUPS):
        raise ConfigError(f"{where}: {pattern}: {', '.join(unknown)}: there are {sorted(_GROUPS)}")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern once: lines count, case does not."""
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)
