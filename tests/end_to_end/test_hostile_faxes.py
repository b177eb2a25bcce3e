"""Whatever a gateway brings as a fax ends in a ticket that says what is wrong, and the next fax is read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from adapters.pages.documents import FAXES, a_mail, a_page, a_raw_tiff, a_tiff
from adapters.pages.hostile import HOSTILE
from end_to_end.played import RealDesk
from servers.dovecot import MailAccount
from servers.smtp import SmtpSink

PRINTER = """
[handlers.fax]
gateways.printer = { dialect = "any", senders = ["mfp.example"] }
[handlers.ocr]
[fax]
pages = 5
time = "PT5M"
"""
FAULTY: dict[str, Callable[[], tuple[str, bytes]]] = {
    **HOSTILE,
    "ten thousand pages": lambda: ("fax.tif", a_raw_tiff(*[{257: 1, 259: 1}] * 10_000, strip=bytes(216))),
    "black pages": lambda: ("fax.tif", a_tiff(*[Image.new("L", (1728, 2290), 0)] * 3)),
    "white pages": lambda: ("fax.tif", a_tiff(*[a_page()] * 3)),
}


@pytest.fixture
def fax_desk(tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink) -> Iterator[RealDesk]:
    played = RealDesk(tmp_path, account, smtp_sink, "sqlite:///faultdesk.db", more=PRINTER)
    played.command("migrate")
    yield played
    played.close()


def by_printer(number: int, document: tuple[str, bytes]) -> bytes:
    head = f"Message-ID: <{number}@mfp.example>\r\n".encode()
    return head + a_mail(document, sender="copier@mfp.example")


def problems(desk: RealDesk, reference: str) -> list[str]:
    (ticket,) = desk.listing("ticket", reference)
    told = [problem for event in ticket["events"] for problem in event["data"].get("problems", ())]
    return [problem for problem in told if not problem.startswith("nobody told a number")]


@pytest.mark.timeout(1000)
def test_a_hostile_fax_opens_a_ticket_that_says_what_is_wrong_and_the_next_is_read(
    fax_desk: RealDesk,
) -> None:
    good = ("form.tif", (FAXES / "form-fine.tif").read_bytes())
    documents = [*(make() for make in FAULTY.values()), good]
    fax_desk.account.deliver(*(by_printer(number, one) for number, one in enumerate(documents)))

    # Pages that take all the time they may; beside other readers of pages on two cores, longer.
    fax_desk.command("run", "--drain", seconds=900)

    *faulty, last = sorted(fax_desk.tickets(), key=lambda ticket: ticket["reference"])
    told = {
        what: problems(fax_desk, ticket["reference"]) for what, ticket in zip(FAULTY, faulty, strict=True)
    }
    assert [what for what, problem in told.items() if not problem] == []
    assert told["a square of 100,000 pixels"] == ["page 1: the page is larger than any page of a fax"]
    assert told["nothing"] == ["page 1: the document is empty"]
    assert "page 6: only the first 5 pages of a fax are read" in told["ten thousand pages"]
    assert last["kind"] == "fault"
