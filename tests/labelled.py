"""Messages with labels, a line each: `kind system fault_class severity | subject | text`."""

from typing import NamedTuple

from faultdesk.domain.ticket import Classification
from faultdesk.handlers.testing import a_message
from faultdesk_classify import ClassifyHandler

SEVERITIES = ["low", "normal", "high", "critical"]
CLASSIFY = ClassifyHandler()


class Said(NamedTuple):
    """What a client said, and what it is about."""

    kind: str
    system: str
    fault_class: str | None
    severity: str
    subject: str
    text: str


def parse(table: str) -> list[Said]:
    """Read the lines of a table."""
    said = []
    for line in filter(None, table.splitlines()):
        labels, subject, text = line.split(" | ", 2)
        kind, system, fault_class, severity = labels.split()
        said.append(Said(kind, system, None if fault_class == "-" else fault_class, severity, subject, text))
    return said


def read(said: Said) -> Classification:
    """Let the bundled terms read it."""
    about = CLASSIFY.classify_message(a_message(said.text, subject=said.subject))
    assert about
    return about
