"""Reads the file, and says everything that is wrong with it at once."""

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from faultdesk.config.choices import choices_at
from faultdesk.config.settings import (
    AlarmSettings,
    AuditSettings,
    Config,
    DatabaseSettings,
    DeskSettings,
    FaxSettings,
    FolderSettings,
    ImapSettings,
    JobSettings,
    LogSettings,
    MaildirSettings,
    OutboxSettings,
    ReadingSettings,
    SmtpSettings,
)
from faultdesk.domain.calendar import require_zone
from faultdesk.domain.identity import is_deliverable
from faultdesk.domain.people import People, Person
from faultdesk.errors import ConfigError

_COMPLAINT = re.compile(r"(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`)?", re.DOTALL)
_KEY = re.compile(r"unknown field `([^`]*)`|^\.([^.\[]+)")
_PLAIN_TABLES = {"desk": DeskSettings, "database": DatabaseSettings}
_OPTIONAL_TABLES = {
    "reading": ReadingSettings,
    "fax": FaxSettings,
    "jobs": JobSettings,
    "alarm": AlarmSettings,
    "audit": AuditSettings,
    "log": LogSettings,
}


class Draft(NamedTuple):
    """A configuration as far as it could be read.

    Of `config`, only the tables named in `sound` may be looked at; a faulty mailbox is left out.
    """

    config: Config
    sound: frozenset[str]
    errors: tuple[str, ...]


def load_config(path: Path) -> Config:
    """Load and check a configuration.

    Raises:
        ConfigError: The file cannot be read or is wrong; the text holds a line for each complaint.
    """
    draft = read_draft(path)
    if draft.errors:
        raise ConfigError("\n".join(f"{path}: {error}" for error in draft.errors))
    return draft.config


def read_draft(path: Path) -> Draft:
    """Read a configuration that may be wrong, for whoever looks for all that is.

    Raises:
        ConfigError: The file cannot be read or is no TOML.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    return _Loading(raw, path.resolve(), []).draft()


class _Loading:
    def __init__(self, raw: dict[str, Any], path: Path, errors: list[str]) -> None:
        self._raw = raw
        self._path = path
        self._errors = errors

    def draft(self) -> Draft:
        tables: dict[str, Any] = {name: self._convert(name, kind) for name, kind in _PLAIN_TABLES.items()} | {
            name: self._convert(name, kind, required=False) for name, kind in _OPTIONAL_TABLES.items()
        }
        tables["mailer"] = self._convert("mailer", SmtpSettings | OutboxSettings)
        tables["mailboxes"] = self._mailboxes()
        tables["handlers"] = self._handlers()
        tables["people"] = self._people()
        known = set(tables)
        self._errors += [
            f"{name}: no such table; there are {sorted(known)}" for name in self._raw if name not in known
        ]
        if desk := tables["desk"]:
            self._errors += _desk_complaints(desk)
        if database := tables["database"]:
            tables["database"] = _anchored(database, self._path.parent)
            if tables["jobs"] and tables["jobs"].engine == "procrastinate":
                self._errors += self._several_daemons_complaints(database)
        sound = frozenset(name for name, table in tables.items() if table is not None)
        return Draft(Config(path=self._path, **tables), sound, tuple(self._errors))

    def _convert(self, name: str, kind: Any, *, required: bool = True) -> Any:  # noqa: ANN401 - unions are no type[T]
        if name not in self._raw and required:
            self._errors.append(f"{name}: this table is missing")
            return None
        return convert_table(self._raw.get(name, {}), kind, name, self._path.parent, self._errors)

    def _mailboxes(self) -> dict[str, Any]:
        tables = self._tables("mailboxes")
        if not tables:
            self._errors.append("mailboxes: at least one is needed, [mailboxes.NAME]")
        kind = ImapSettings | MaildirSettings | FolderSettings
        converted = {
            name: convert_table(table, kind, f"mailboxes.{name}", self._path.parent, self._errors)
            for name, table in tables.items()
        }
        return {name: settings for name, settings in converted.items() if settings is not None}

    def _people(self) -> People:
        tables = {
            name: convert_table(table, Person, f"people.{name}", self._path.parent, self._errors)
            for name, table in self._tables("people").items()
        }
        known = {name: person for name, person in tables.items() if person is not None}
        self._errors += [
            f"people.{name}.address: {person.address} is not a mail address"
            for name, person in known.items()
            if not is_deliverable(person.address) or person.address != person.address.lower()
        ]
        try:
            return People.of(known)
        except ValueError as error:
            self._errors.append(f"people.{error}")
            return People()

    def _several_daemons_complaints(self, database: DatabaseSettings) -> list[str]:
        if _is_sqlite(database.url):
            return ["jobs.engine: procrastinate works on PostgreSQL only, see database.url"]
        # Of a folder beside the configuration each machine would have its own.
        return [
            f"mailboxes.{name}.path: must be absolute, and name storage that all daemons share (jobs.engine)"
            for name, table in self._tables("mailboxes").items()
            if table.get("type") in {"maildir", "folder"} and not Path(str(table.get("path"))).is_absolute()
        ]

    def _handlers(self) -> dict[str, Any]:
        return self._tables("handlers")

    def _tables(self, name: str) -> dict[str, Any]:
        tables = self._raw.get(name, {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            self._errors.append(f"{name}: must hold tables, [{name}.NAME]")
            return {}
        return tables


def convert_table(
    raw: object,
    kind: Any,  # noqa: ANN401 - a struct or a union of structs
    where: str,
    base: Path,
    errors: list[str],
) -> Any:  # noqa: ANN401 - an instance of it, or None
    """Convert one table to its struct; complaints go to `errors`, with the path of the key.

    A key that was complained of is taken away and the rest looked at again, so that all are found.
    """
    if not isinstance(raw, dict):
        errors.append(f"{where}: must be a table")
        return None
    left, complained = dict(raw), False
    while True:
        try:
            converted = msgspec.convert(left, kind, dec_hook=lambda to, value: _decode(to, value, base))
        except msgspec.ValidationError as error:
            complained = True
            key = _complain(str(error), kind, where, set(raw) - set(left), errors)
            if key not in left:
                return None
            del left[key]
        except Exception as error:  # noqa: BLE001 - a plugin's own checks may raise anything, and a reload must not end
            errors.append(f"{where}: {type(error).__name__}: {error}")
            return None
        else:
            return None if complained else converted


def _complain(
    error: str,
    kind: Any,  # noqa: ANN401 - a struct or a union of structs
    where: str,
    taken: set[str],
    errors: list[str],
) -> str | None:
    """Write a complaint down; return the key to take away, None when there is none."""
    match = _COMPLAINT.fullmatch(error)
    what, path = (match["what"], match["path"] or "") if match else (error, "")
    found = _KEY.search(what) if not path else _KEY.search(path)
    key = next((group for group in found.groups() if group), None) if found else None
    missing = re.search(r"missing required field `([^`]*)`", what)
    if not (missing and missing[1] in taken):
        known = choices_at(kind, path, is_key=bool(match and match["key"])) if "enum" in what else ()
        there = f"; there are {', '.join(known)}" if known else ""
        errors.append(f"{where}{path}: {what[:1].lower()}{what[1:]}{there}")
    return key


def _decode(kind: type, value: object, base: Path) -> object:
    if kind is Path and isinstance(value, str):
        return base / value
    raise ValueError(f"expected a path, got {type(value).__name__}")


def _anchored(database: DatabaseSettings, base: Path) -> DatabaseSettings:
    """Let a relative SQLite file count from the configuration's folder."""
    scheme, slashes, file = database.url.partition(":///")
    if not _is_sqlite(database.url) or not slashes:
        return database
    return msgspec.structs.replace(database, url=f"{scheme}:///{base / file}")


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def _desk_complaints(desk: DeskSettings) -> list[str]:
    complaints = [
        f"desk.{field}: {address} is not a mail address"
        for field, addresses in (("address", (desk.address,)), ("alerts", desk.alerts))
        for address in addresses
        if not is_deliverable(address)
    ]
    complaints += [
        f"desk.{field}: {name} must be in lower case, without blanks"
        for field, names in (
            ("authserv_ids", desk.authserv_ids),
            ("colleagues", desk.colleagues),
            ("form_senders", desk.form_senders),
        )
        for name in sorted(names)
        if not name or name != name.lower() or name.split() != [name]
    ]
    try:
        require_zone("desk.time_zone", desk.time_zone)
    except ValueError as error:
        complaints.append(str(error))
    return complaints
