"""Reads playbooks: the bundled ones, and an operator's files that take their places."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import msgspec

from faultdesk.domain.identity import is_deliverable
from faultdesk.domain.playbook import Playbook
from faultdesk.domain.ticket import FaultClass
from faultdesk.errors import ConfigError


def load_playbooks(folder: Path | None) -> Mapping[FaultClass, Playbook]:
    """Read the playbook of every class, CLASS.toml.

    Raises:
        ConfigError: A file cannot be read or is wrong; it is named.
    """
    bundled = files("faultdesk").joinpath("playbooks")
    if folder is not None and not folder.is_dir():
        raise ConfigError(f"desk.playbooks: {folder} is not a folder")
    if folder is not None:
        known = {f"{fault_class}.toml" for fault_class in FaultClass}
        if unknown := [file.name for file in sorted(folder.glob("*.toml")) if file.name not in known]:
            raise ConfigError(
                f"desk.playbooks: {folder / unknown[0]}: is of no class; there are {', '.join(sorted(known))}"
            )
    found = {}
    for fault_class in FaultClass:
        own = folder / f"{fault_class}.toml" if folder else None
        source = own if own is not None and own.exists() else bundled.joinpath(f"{fault_class}.toml")
        try:
            found[fault_class] = _playbook(source.read_text(encoding="utf-8"))
        except (
            OSError,
            UnicodeDecodeError,
            tomllib.TOMLDecodeError,
            msgspec.ValidationError,
            ValueError,
        ) as error:
            raise ConfigError(f"desk.playbooks: {source}: {error}") from error
    return found


def _playbook(text: str) -> Playbook:
    playbook = msgspec.convert(tomllib.loads(text), Playbook)
    if wrong := [address for address in playbook.copy.all() if not is_deliverable(address)]:
        raise ValueError(f"copy: {wrong[0]} is not a mail address")
    return playbook
