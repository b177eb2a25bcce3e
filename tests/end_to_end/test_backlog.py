"""New mail is not starved by a backlog: it goes before what was there long before it."""

from end_to_end.played import RealDesk, acknowledgements

BACKLOG, NEW = 800, 5
MOST_AHEAD = 260
"""Acknowledgements: what was collected, decided or is being sent when a mail comes, and no more of the backlog."""


def fault(name: str) -> bytes:
    return (
        f"From: {name}@owner-{name}.example\r\nTo: service@yuanheng-elv.example\r\nSubject: camera {name} is dark\r\n"
        f"Message-ID: <{name}@owner.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlease send somebody.\r\n"
    ).encode()


def test_mail_that_comes_during_a_backlog_is_answered_before_the_rest_of_it(desk: RealDesk) -> None:
    desk.account.deliver(*(fault(f"old{number}") for number in range(BACKLOG)))
    desk.start()
    desk.sink.wait_for(BACKLOG)  # half of what it will be

    ahead = {}
    for number in range(NEW):
        ahead[f"<new{number}@owner.example>"] = len(acknowledgements(desk.sink))
        desk.account.deliver(fault(f"new{number}"))
    desk.sink.wait_for(2 * (BACKLOG + NEW), seconds=120)

    order = [str(mail["In-Reply-To"]) for mail in acknowledgements(desk.sink)]
    behind = {new: order.index(new) - already for new, already in ahead.items()}
    assert max(behind.values()) <= MOST_AHEAD, behind
    assert desk.stop() == 0
