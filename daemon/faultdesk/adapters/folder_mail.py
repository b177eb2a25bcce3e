"""The mail that a file of a folder becomes: the same file, the same octets."""

import hashlib
import os
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import PurePath

MEDIA_TYPES = {
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
}
"""What is collected, by the end of its name: a copy under way is called otherwise, and so is whatever else lies there."""
DOMAIN = "folder.invalid"
"""Of no mail address (RFC 2606): nobody else's mail comes from there."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def media_type_of(name: str) -> str | None:
    """Tell what a file's name promises; None for a file that is left alone."""
    return None if name.startswith(".") else MEDIA_TYPES.get(PurePath(name).suffix.lower())


def as_mail(folder: str, sender: str, uid: str, name: str, modified: datetime, content: bytes) -> bytes:
    """Put a file into a mail of its own; what it holds is not looked at here."""
    shown = _CONTROLS.sub("_", readable(name))
    digest = hashlib.sha256(f"{folder}\0{uid}".encode()).hexdigest()[:32]
    maintype, _, subtype = (media_type_of(name) or "application/octet-stream").partition("/")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["Subject"] = shown
    mail["Date"] = format_datetime(modified.astimezone(UTC))
    mail["Message-ID"] = f"<{digest}@{DOMAIN}>"
    mail["X-Faultdesk-Folder"] = folder
    mail.set_content(content, maintype=maintype, subtype=subtype, disposition="attachment", filename=shown)
    return mail.as_bytes()


def readable(name: str) -> str:
    """Give a file's name as text that any database takes."""
    return os.fsencode(name).decode(errors="backslashreplace")
