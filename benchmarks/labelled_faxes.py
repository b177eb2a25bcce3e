"""A folder of faxes with what stands on them (NAME.tif or NAME.pdf, NAME.json), and how text is compared."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from faultdesk.domain.fax import Page

_FOLDED = str.maketrans("。、“”‘’【】—–・", ".,\"\"''[]--·")
_FACTS = {
    "unit": "customer",
    "project": "site",
    "contract": "contract_no",
    "place": "location",
    "time": "occurred_at",
}
"""What a label calls otherwise than the desk."""


class Labelled(NamedTuple):
    """A fax and what is true of it."""

    file: Path
    resolution: str
    kind: str
    damage: Sequence[str]
    text: str
    fields: Mapping[str, str]


def load(folder: Path) -> list[Labelled]:
    """Read the labels of a folder."""
    found = []
    for file in sorted(folder.glob("*.json")):
        label = json.loads(file.read_text(encoding="utf-8"))
        fields = {_FACTS.get(name, name): value for name, value in label["fields"].items()}
        told = label["res"], label["kind"], tuple(label["deg"]), label["text"], fields
        found.append(Labelled(folder / label["file"], *told))
    return found


def mail_with(file: Path) -> bytes:
    """Make the mail in which a gateway brings a fax."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "gateway@fax.example", "fax"
    mail.set_content("see attachment")
    maintype, subtype = ("application", "pdf") if file.suffix == ".pdf" else ("image", "tiff")
    mail.add_attachment(file.read_bytes(), maintype=maintype, subtype=subtype, filename=file.name)
    return mail.as_bytes()


def folded(text: str) -> str:
    """Fold what makes no difference to a reader: white space, full width, forms of punctuation."""
    return "".join(unicodedata.normalize("NFKC", text).split()).translate(_FOLDED)


def errors(fax: Labelled, pages: Sequence[Page]) -> int:
    """Count the characters that were misread, left out or invented (Levenshtein)."""
    return _distance(folded("\n".join(page.text for page in pages)), folded(fax.text))


def _distance(one: str, other: str) -> int:
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, wanted in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != wanted)))
        before = now
    return before[-1]
