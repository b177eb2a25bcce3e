"""How a connection to a mail server is protected; one rule for IMAP and SMTP."""

import ipaddress
import ssl
from pathlib import Path

from faultdesk.config.settings import Security
from faultdesk.errors import ConfigError


def is_loopback(host: str) -> bool:
    """Tell whether `host` names this machine without asking any name server."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") in {"localhost", "localhost.localdomain"}


def refuse_plain_text(security: Security, host: str, where: str, *, allowed: bool) -> None:
    """Refuse to let a password and clients' mail travel unprotected, unless the operator says so.

    Raises:
        ConfigError: `security` is plain, the host is another machine and it is not allowed.
    """
    if security is Security.PLAIN and not allowed and not is_loopback(host):
        raise ConfigError(f'{where}: security = "plain" to {host} needs allow_plain_text = true')


def trust(ca_file: Path | None, where: str) -> ssl.SSLContext:
    """Make the context that checks the server's certificate and name, by the system's authorities or `ca_file`.

    Raises:
        ConfigError: `ca_file` cannot be read or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"{where}: ca_file {ca_file}: {error.strerror or error}") from error
