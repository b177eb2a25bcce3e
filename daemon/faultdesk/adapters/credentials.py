"""Secrets from systemd credentials or files; their values go nowhere but to their user."""

import os
import secrets
from pathlib import Path

from faultdesk.config.settings import Secret
from faultdesk.errors import ConfigError


def read_secret(secret: Secret, where: str) -> str:
    """Read a secret; a trailing line end is not part of it.

    Raises:
        ConfigError: It is not there, cannot be read or is empty. The text names the place, never the value.
    """
    if (secret.credential is None) == (secret.file is None):
        raise ConfigError(f"{where}: needs either credential or file")
    path = secret.file or _credential_path(secret.credential or "", where)
    try:
        value = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {path}: {getattr(error, 'strerror', None) or error}") from error
    if not value:
        raise ConfigError(f"{where}: {path}: is empty")
    return value


def _credential_path(name: str, where: str) -> Path:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise ConfigError(
            f"{where}: credential {name}: no CREDENTIALS_DIRECTORY; systemd sets it with LoadCredential=, "
            "in a shell set it to a folder that holds the file"
        )
    return Path(folder) / name


def write_signing_key(path: Path) -> None:
    """Make a new signing key that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
