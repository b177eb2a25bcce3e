"""A Maildir as a way out (https://cr.yp.to/proto/maildir.html)."""

import os
from collections.abc import Sequence
from pathlib import Path

from faultdesk.adapters.maildir_layout import make_folders, unique_name, write_durably
from faultdesk.errors import MailerUnavailableError, MailRefusedError


class MaildirMailer:
    """Implements `pipeline.ports.Mailer`: every mail becomes a file, with its envelope on top."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> None:
        """Write one mail; return once it would survive a power cut.

        Raises:
            MailerUnavailableError: The folder may not be written, or the disk is full.
            MailRefusedError: An address holds a control character.
        """
        addresses = [envelope_from, *recipients]
        if any(ord(character) < ord(" ") for address in addresses for character in address):
            raise MailRefusedError(f"an address with a control character: {addresses!r}")
        # As the final delivery does, RFC 5321 section 4.4.
        envelope = f"Return-Path: <{envelope_from}>\r\n" + "".join(
            f"Delivered-To: {to}\r\n" for to in recipients
        )
        try:
            make_folders(self._path)
            write_durably(self._path, unique_name(), envelope.encode() + content)
        except OSError as error:
            raise MailerUnavailableError(f"{self._path}: {error.strerror or error}") from error

    def check(self) -> None:
        """Make the folders and see that we may write.

        Raises:
            MailerUnavailableError: We may not.
        """
        try:
            make_folders(self._path)
        except OSError as error:
            raise MailerUnavailableError(f"{self._path}: {error.strerror or error}") from error
        if not os.access(self._path / "new", os.W_OK | os.X_OK):
            raise MailerUnavailableError(f"{self._path}/new: may not be written")

    def close(self) -> None:
        """Do nothing: no file stays open."""
