"""Fax gateways that take mail: T.37 (RFC 3965), number@gateway, and what else an address template can say."""

import hashlib
from email.message import EmailMessage
from email.policy import SMTP

import phonenumbers

from faultdesk.config.settings import MailFaxSettings
from faultdesk.errors import FaxRefusedError, MailRefusedError
from faultdesk.pipeline.ports import Mailer

_FILES = {"image/tiff": "fax.tif", "application/pdf": "fax.pdf"}


class MailFaxSender:
    """Sends pages as a mail to the gateway; its Message-ID is the job, by which receipts are known."""

    def __init__(self, settings: MailFaxSettings, mailer: Mailer, address: str) -> None:
        """Prepare; `address` is the desk's, whom the gateway knows and answers."""
        self._settings = settings
        self._mailer = mailer
        self._address = address
        self.media_type = settings.media_type

    def send(self, number: str, document: bytes, media_type: str, tag: str) -> str:
        """Send pages to the gateway; return the mail's Message-ID. The same fax is the same octets.

        Raises:
            OutageError: The mail server is away.
            FaxRefusedError: The number cannot be one, or the mail server refuses the mail.
        """
        to = self._settings.address.format(**_forms(number))
        digest = hashlib.sha256(b"\0".join((to.encode(), tag.encode(), document))).hexdigest()[:32]
        message_id = f"<fax.{digest}@{self._address.rpartition('@')[2]}>"
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._address
        mail["To"] = to
        mail["Subject"] = self._settings.subject.format(**_forms(number), tag=tag)
        mail["Message-ID"] = message_id
        mail.set_content(self._settings.body.format(**_forms(number), tag=tag), cte="base64")
        maintype, _, subtype = media_type.partition("/")
        mail.add_attachment(document, maintype=maintype, subtype=subtype, filename=_FILES[media_type])
        mail.set_boundary(f"=_{digest}")
        try:
            self._mailer.send(self._address, [to], mail.as_bytes())
        except MailRefusedError as error:
            raise FaxRefusedError(str(error)) from error
        return message_id

    def check(self) -> None:
        """Look whether the mail server can be reached."""
        self._mailer.check()

    def close(self) -> None:
        """The mailer is the desk's, and closed with it."""


def _forms(number: str) -> dict[str, str]:
    """Write a number in the forms that gateways ask for: e164 +862088881111, digits without the plus, national."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException as error:
        raise FaxRefusedError(f"{number}: {error}") from error
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(character for character in national if character.isdigit())
    return {"e164": number, "digits": number.lstrip("+"), "national": digits}
