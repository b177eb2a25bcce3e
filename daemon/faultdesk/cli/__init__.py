"""The command line."""

import sys

from faultdesk.cli.app import app
from faultdesk.errors import ConfigError, FaultdeskError, TransientError

EXIT_FAILED, EXIT_TEMPFAIL, EXIT_CONFIG = 1, 75, 78
"""sysexits(3): EX_TEMPFAIL and EX_CONFIG; 2 is a wrong usage."""


def main() -> None:
    """Run a command; an error is told in its own words and by its exit code."""
    try:
        app()
    except FaultdeskError as error:
        sys.stderr.write(f"faultdesk: {error}\n")
        sys.exit(_exit_code(error))


def _exit_code(error: FaultdeskError) -> int:
    if isinstance(error, ConfigError):
        return EXIT_CONFIG
    return EXIT_TEMPFAIL if isinstance(error, TransientError) else EXIT_FAILED
