"""A fax really sent by T.30 becomes a ticket, and the client's machine gets the answer."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from end_to_end.played import RealDesk
from faultdesk.adapters.pages.readers import PageLimits, PageReaders
from faultdesk.domain.fax import Page
from servers.hylafax import HylaFax
from servers.process import wait_until
from servers.smtp import SmtpSink

FORM = Path(__file__).parents[1] / "data/faxes/form-fine.tif"
FAX = """
[handlers.fax]
gateways.office = {{ dialect = "hylafax", senders = ["faxmaster", "faxmaster@fax.example"], area = "20", time_zone = "Etc/UTC" }}
[handlers.ocr]
[fax]
time = "PT5M"
own_fax = "020-8888 2222"
own_phone = "400-123-4567"
[fax.sender]
type = "hylafax"
host = "{host}"
port = {port}
"""


@pytest.fixture
def fax_desk(tmp_path: Path, smtp_sink: SmtpSink, hylafax: HylaFax) -> Iterator[RealDesk]:
    more = FAX.format(host=hylafax.host, port=hylafax.port)
    played = RealDesk(tmp_path, hylafax.desk, smtp_sink, "sqlite:///faultdesk.db", more=more)
    played.command("migrate")
    yield played
    played.close()


def read_back(tiff: Path) -> Page:
    """Read the page that the client's machine printed."""
    mail = EmailMessage()
    mail.add_attachment(tiff.read_bytes(), maintype="image", subtype="tiff", filename="fax.tif")
    readers = PageReaders({"ocr": {}}, PageLimits(seconds=300))
    try:
        pages = readers.read(mail.as_bytes(), ["fax.tif"])
    finally:
        readers.close()
    assert [page.problem for page in pages] == [""]
    return pages[0]


def has_logged(desk: RealDesk, what: str) -> bool:
    """Look into the log; a command would take the processor from the reader of pages."""
    return what.encode() in desk.log.read_bytes()


def events(desk: RealDesk, reference: str) -> list[str]:
    (ticket,) = desk.listing("ticket", reference)
    return [event["kind"] for event in ticket["events"]]


@pytest.mark.timeout(700)
def test_a_fax_is_read_answered_by_fax_and_known_to_have_arrived(
    fax_desk: RealDesk, hylafax: HylaFax
) -> None:
    fax_desk.start()
    hylafax.send(hylafax.DESK, FORM)

    wait_until(lambda: has_logged(fax_desk, "ticket.opened"), "the fax opens a ticket", 300)
    (answer,) = hylafax.wait_for_client()
    (ticket,) = fax_desk.tickets()
    # A line that is still busy is called again, and that is told before.
    wait_until(lambda: "fax_delivered" in events(fax_desk, ticket["reference"]), "the receipt comes", 300)

    assert (ticket["kind"], ticket["client"]) == ("fault", f"fax:{hylafax.CLIENT}")
    page = read_back(answer)
    assert ticket["reference"] in page.codes
    assert ticket["reference"] in page.text
    assert "400-123-4567" in page.text
    assert fax_desk.stop() == 0
