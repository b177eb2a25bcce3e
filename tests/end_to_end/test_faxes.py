"""A fax really sent by T.30 becomes a ticket, and the client's machine gets the answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.played import RealDesk
from faultdesk.adapters.pages.readers import PageReaders
from faultdesk.domain.fax import Page
from faultdesk.reading import read_message
from servers.dovecot import MailAccount
from servers.hylafax import CLIENT, Hylafax
from servers.process import wait_until
from servers.smtp import SmtpSink

FORM = Path(__file__).parents[1] / "data/faxes/form-fine.tif"
FAX = """
[handlers.fax]
gateways.office = {{ dialect = "hylafax", senders = ["faxmaster"], area = "20" }}
[handlers.ocr]
[fax]
own_fax = "020-8888 2222"
own_phone = "400-123-4567"
[fax.sender]
type = "hylafax"
host = "{host}"
port = {port}
"""


@pytest.fixture
def fax_desk(
    tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, hylafax: Hylafax
) -> Iterator[RealDesk]:
    hylafax.deliver_to(account)
    more = FAX.format(host=hylafax.desks_modem, port=hylafax.port)
    played = RealDesk(tmp_path, account, smtp_sink, "sqlite:///faultdesk.db", more=more)
    played.command("migrate")
    yield played
    played.close()


def read_back(mail: bytes) -> Page:
    """Read the page that the client's machine printed."""
    documents = [file.name for file in read_message(mail).attachments if file.media_type == "image/tiff"]
    readers = PageReaders({"ocr": {}})
    try:
        (page,) = readers.read(mail, documents)
    finally:
        readers.close()
    return page


def events(desk: RealDesk, reference: str) -> list[str]:
    (ticket,) = desk.listing("ticket", reference)
    return [event["kind"] for event in ticket["events"]]


@pytest.mark.timeout(400)
def test_a_fax_is_read_answered_by_fax_and_known_to_have_arrived(
    fax_desk: RealDesk, hylafax: Hylafax
) -> None:
    fax_desk.start()
    hylafax.send(FORM)

    wait_until(lambda: len(fax_desk.tickets()) == 1, "the fax opens a ticket", 150)
    answer = hylafax.received_by_client()
    (ticket,) = fax_desk.tickets()
    wait_until(lambda: "fax_delivered" in events(fax_desk, ticket["reference"]), "the receipt comes", 60)

    assert (ticket["kind"], ticket["client"]) == ("fault", f"fax:{CLIENT}")
    page = read_back(answer)
    assert ticket["reference"] in page.codes
    assert ticket["reference"] in page.text
    assert "400-123-4567" in page.text
    assert fax_desk.stop() == 0
