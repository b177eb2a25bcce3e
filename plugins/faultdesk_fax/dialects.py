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
    {"caller", "called", "extension", "station", "pages", "total", "received", "key", "note"}
    | {"number", "job", "reason"}
)

Pattern = Annotated[str, msgspec.Meta(min_length=1)]


class Dialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one kind of gateway writes. Patterns are searched in a head ("From: ", "Subject: " …) and the text."""

    like: str = ""
    """A dialect whose patterns are tried after these; of its `fax`, `needs_pages` and `no_fax` all or none hold."""
    fax: str = ""
    """Its mails that pass on a received fax; to be left out only with `like`."""
    needs_pages: bool = False
    """A mail without pages attached brings no fax; else it announces one whose pages come otherwise."""
    no_fax: str = ""
    """Its mails that bring none though `fax` is found: newsletters, a quota that is used up."""
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
        yield from (pattern for pattern in (self.fax, self.no_fax, self.incomplete) if pattern)
        yield from self.facts
        yield from self.receipts.values()
        yield from self.receipt_facts

    def after(self, other: "Dialect") -> "Dialect":
        """Give the dialect that tries the other's patterns after its own."""
        known = self if self.fax else other
        outcomes = {**other.receipts, **self.receipts}
        return Dialect(
            fax=known.fax,
            needs_pages=known.needs_pages,
            no_fax=known.no_fax,
            facts=(*self.facts, *other.facts),
            incomplete=_either(self.incomplete, other.incomplete),
            times=(*self.times, *other.times),
            receipts={
                outcome: _either(self.receipts.get(outcome, ""), other.receipts.get(outcome, ""))
                for outcome in outcomes
            },
            receipt_facts=(*self.receipt_facts, *other.receipt_facts),
        )


def _either(one: str, other: str) -> str:
    return f"(?:{one})|(?:{other})" if one and other else one or other


@cache
def load_dialects(path: Path | None) -> Mapping[str, Dialect]:
    """Read the bundled dialects, and an operator's own over them.

    Raises:
        ConfigError: A table or a pattern is wrong; it is named.
    """
    bundled = files(__package__).joinpath("dialects.toml")
    known = _read("dialects.toml", bundled.read_text(encoding="utf-8"), {})
    if path is None:
        return known
    try:
        return {**known, **_read(str(path), path.read_text(encoding="utf-8"), known)}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _read(name: str, text: str, known: Mapping[str, Dialect]) -> dict[str, Dialect]:
    """Read a table; a dialect can be like one that stands above it, or like a known one."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
        dialects = msgspec.convert(table, dict[str, Dialect])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{name}: {error}") from error
    whole: dict[str, Dialect] = {}
    for dialect_name, dialect in dialects.items():
        where = f"{name}: {dialect_name}"
        for pattern in dialect.patterns():
            _check(where, pattern)
        whole[dialect_name] = _whole(where, dialect, {**known, **whole})
    return whole


def _whole(where: str, dialect: Dialect, known: Mapping[str, Dialect]) -> Dialect:
    if dialect.like and dialect.like not in known:
        raise ConfigError(f"{where}: like: {dialect.like}: above it are {sorted(known)}")
    if not dialect.like and not dialect.fax:
        raise ConfigError(f"{where}: fax: names no mail that brings one")
    if Outcome.UNCONFIRMED in dialect.receipts:
        raise ConfigError(f"{where}: receipts.unconfirmed: no gateway says so")
    return dialect.after(known[dialect.like]) if dialect.like else dialect


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
