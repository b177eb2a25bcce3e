"""Some mails, and how a desk ended with them."""

import re
from typing import Any, NamedTuple

from end_to_end.played import RealDesk, read_mail

_REFERENCE = re.compile(r"FD-\d{4}-\d+")


def _mail(number: int, subject: str, text: str, *headers: str) -> bytes:
    head = [
        f"From: client{number}@owner{number}.example",
        "To: service@yuanheng-elv.example",
        f"Subject: {subject}",
        f"Message-ID: <{number}@owner.example>",
        "Content-Type: text/plain; charset=utf-8",
        *headers,
    ]
    return ("\r\n".join(head) + f"\r\n\r\n{text}\r\n").encode()


MAILS = (
    _mail(1, "camera 4 is dark", "Camera 4 at the east gate shows no picture. Please send somebody."),
    _mail(2, "门禁故障", "三号楼东门门禁刷卡无反应，请尽快派人处理。"),
    _mail(1, "Re: camera 4 is dark", "Camera 5 is dark now, too.", "In-Reply-To: <1@owner.example>").replace(
        b"<1@owner.example>\r\nContent", b"<3@owner.example>\r\nContent"
    ),
    _mail(4, "out of office", "I am away.", "Auto-Submitted: auto-replied"),
    _mail(5, "network down", "The switch in the basement of building 2 is down, all phones are dead."),
)
"""Two faults, a follow-up to the first, an automatic answer, a third fault."""


def notice(number: int) -> bytes:
    """Write of one fault of one client's."""
    return (
        f"From: client{number}@owner{number}.example\r\nTo: service@yuanheng-elv.example\r\n"
        f"Subject: camera {number} is dark\r\nMessage-ID: <{number}@owner.example>\r\n\r\n"
        f"Camera {number} shows no picture. Please send somebody.\r\n"
    ).encode()


class Outcome(NamedTuple):
    """What a user sees in the end."""

    messages: list[tuple[str, str, str | None]]
    tickets: list[tuple[Any, ...]]
    mails: list[tuple[str, str]]
    """To and Subject of what went out, a mail sent twice once; Message-IDs hold numbers that may have gaps."""
    twice: dict[str, int]
    """Those that went out more than once, and how often."""

    def without_gaps(self) -> "Outcome":
        """Count the tickets anew: what is rolled back on PostgreSQL leaves a gap in their numbers."""
        given = sorted(row[0] for row in self.tickets)
        anew = {reference: f"FD-2026-{number:06}" for number, reference in enumerate(given, 1)}
        return self._replace(
            messages=[(uid, state, anew[ticket] if ticket else None) for uid, state, ticket in self.messages],
            tickets=[(anew[reference], *rest) for reference, *rest in self.tickets],
            mails=[(to, _REFERENCE.sub(lambda found: anew[found[0]], subject)) for to, subject in self.mails],
        )


def outcome(desk: RealDesk) -> Outcome:
    """Look at a desk that has come to rest; fail when a mail sent twice differs from itself."""
    messages = [(row["uid"], row["state"], row["ticket"]) for row in desk.inbox()]
    tickets = [
        tuple(row[key] for key in ("reference", "subject", "status", "client", "kind"))
        for row in desk.tickets()
    ]
    sent: dict[str, list[bytes]] = {}
    mails: dict[str, tuple[str, str]] = {}
    for mail in desk.sink.messages:
        read = read_mail(mail)
        sent.setdefault(str(read["Message-ID"]), []).append(mail.content)
        mails[str(read["Message-ID"])] = (str(read["To"]), str(read["Subject"]))
    assert all(len(set(contents)) == 1 for contents in sent.values()), (
        "a mail sent twice is not the same mail"
    )
    twice = {message_id: len(contents) for message_id, contents in sent.items() if len(contents) > 1}
    return Outcome(sorted(messages, key=lambda row: int(row[0])), tickets, sorted(mails.values()), twice)
