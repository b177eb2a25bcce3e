"""A real HylaFAX: what the telephone brings becomes mail, what the desk sends arrives, and what cannot be sent is told."""

import email
import io
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import TiffImageFile

from faultdesk.adapters.clock import SystemClock
from faultdesk.adapters.fax.hylafax import HylafaxSender
from faultdesk.adapters.folder import FolderMailbox
from faultdesk.config.settings import FolderSettings, HylafaxSettings
from faultdesk.domain.fax import Outcome, Receipt, Reception
from faultdesk.errors import FaxRefusedError, FaxUnavailableError
from faultdesk.pipeline.ports import RawMessage
from faultdesk.reading import read_message
from faultdesk_fax import FaxHandler
from faultdesk_fax.gateways import Gateway
from servers.hylafax import HylaFax
from servers.process import free_port

GATEWAY = FaxHandler(gateways={"office": Gateway(dialect="hylafax", senders=("faxmaster",), area="20")})


def a_page(text: str) -> bytes:
    """Draw a line as a fax machine scans it: 204 x 98 dpi."""
    page = Image.new("1", (1728, 300), 1)
    ImageDraw.Draw(page).text((200, 100), text, font_size=60)
    written = io.BytesIO()
    page.save(written, format="TIFF", compression="group4", dpi=(204, 98))
    return written.getvalue()


def a_sender(hylafax: HylaFax, password: str | None = None, **settings: object) -> HylafaxSender:
    usual: dict[str, object] = {"host": hylafax.host, "port": hylafax.port}
    return HylafaxSender(HylafaxSettings(**usual | settings), hylafax.desk.user, password)  # type: ignore[arg-type]


def sent_from(fax: Path) -> str:
    """Read which station sent a received fax: HylaFAX writes it down as the picture's description."""
    with Image.open(fax) as page:
        assert isinstance(page, TiffImageFile)
        return str(page.tag_v2[270]).splitlines()[0]


def recvq(hylafax: HylaFax, settled: timedelta) -> FolderMailbox:
    settings = FolderSettings(path=hylafax.recvq, after="nothing", settled=settled)
    return FolderMailbox("recvq", settings, SystemClock())


def collected(mailbox: FolderMailbox) -> list[RawMessage]:
    return [message for batch in mailbox.fetch_new(None) for message in batch.messages]


def attached(message: RawMessage) -> tuple[str | None, object]:
    mail = email.message_from_bytes(message.content, EmailMessage, policy=modern)
    return mail.get_filename(), mail.get_payload(decode=True)


def told_by(mail: EmailMessage) -> Reception | Receipt | None:
    return GATEWAY.recognise_fax(read_message(bytes(mail)))


def test_a_fax_comes_by_telephone_into_the_desks_mailbox_and_a_dead_number_is_told(
    hylafax: HylaFax, tmp_path: Path
) -> None:
    notice = tmp_path / "notice.tif"
    notice.write_bytes(a_page("The lift stands still."))
    hylafax.send(hylafax.DESK, notice)
    dead = hylafax.send(hylafax.NOBODY, notice)

    announced, brought = map(told_by, hylafax.wait_for_mails(hylafax.desk, "Fax received", 2))
    (failed,) = map(told_by, hylafax.wait_for_mails(hylafax.client, f"job {dead} to {hylafax.NOBODY} failed"))

    assert isinstance(announced, Reception)
    assert isinstance(brought, Reception)
    assert (announced.documents, announced.key) == ((), brought.key)
    assert (brought.caller, brought.station, brought.pages) == ("+862088881111", "+862088881111", 1)
    (file,) = hylafax.received_by_desk()
    assert brought.documents == (file.name,)
    assert isinstance(failed, Receipt)
    assert (failed.outcome, failed.job, failed.number) == (Outcome.FAILED, dead, hylafax.NOBODY)
    assert failed.reason == "No answer from remote; too many attempts to dial"


def test_what_the_desk_sends_arrives_at_the_clients_machine_and_the_receipt_names_the_job(
    hylafax: HylaFax,
) -> None:
    job = a_sender(hylafax).send(hylafax.CLIENT, a_page("FD-2026-000001"), "image/tiff", "FD-2026-000001")

    (arrived,) = hylafax.wait_for_client()
    (mail,) = hylafax.wait_for_mails(hylafax.desk, f"job FD-2026-000001 ({job})")

    assert sent_from(arrived) == "+86 20 88882222"
    receipt = told_by(mail)
    assert isinstance(receipt, Receipt)
    assert (receipt.outcome, receipt.job, receipt.number) == (Outcome.DELIVERED, job, hylafax.CLIENT)


def test_recvq_gives_a_fax_once_it_is_received_and_whole(hylafax: HylaFax, tmp_path: Path) -> None:
    mailbox = recvq(hylafax, timedelta(seconds=1))
    mailbox.mark_done([message.uid for message in collected(recvq(hylafax, timedelta()))])
    notice = tmp_path / "notice.tif"
    notice.write_bytes(a_page("The lift stands still."))
    hylafax.send(hylafax.DESK, notice)

    (message,) = hylafax.wait_for(1, lambda: collected(mailbox), "messages of recvq")

    hylafax.wait_for_mails(hylafax.desk, "Fax received", 2)
    (file,) = hylafax.received_by_desk()
    assert attached(message) == (file.name, file.read_bytes())
    folder = FaxHandler(gateways={"recvq": Gateway(dialect="folder", senders=("recvq@folder.invalid",))})
    told = folder.recognise_fax(read_message(message.content))
    assert isinstance(told, Reception)
    assert (told.caller, told.station) == ("+862088881111", "+862088881111")


def test_password_of_the_server_is_given_and_a_wrong_one_is_an_outage(hylafax: HylaFax) -> None:
    with hylafax.password_of("faultdesk", "correct-horse"):
        a_sender(hylafax, "correct-horse").check()

        with pytest.raises(FaxUnavailableError, match="faxstat: Login failed: 530"):
            a_sender(hylafax, "wrong").check()
        with pytest.raises(FaxUnavailableError, match="sendfax: Login failed"):
            a_sender(hylafax).send(hylafax.CLIENT, a_page("x"), "image/tiff", "x")


def test_server_that_is_away_is_an_outage(hylafax: HylaFax) -> None:
    away = a_sender(hylafax, port=free_port())

    with pytest.raises(FaxUnavailableError, match="faxstat: Can not reach"):
        away.check()
    with pytest.raises(FaxUnavailableError, match="sendfax: Can not reach"):
        away.send(hylafax.CLIENT, a_page("x"), "image/tiff", "x")
    with pytest.raises(FaxUnavailableError, match="getaddrinfo failed"):
        a_sender(hylafax, host="nowhere.invalid").send(hylafax.CLIENT, a_page("x"), "image/tiff", "x")


def test_server_whose_scheduler_does_not_run_is_an_outage(hylafax: HylaFax) -> None:
    with hylafax.without_scheduler():
        with pytest.raises(FaxUnavailableError, match="sendfax: 460 "):
            a_sender(hylafax).send(hylafax.CLIENT, a_page("x"), "image/tiff", "x")
        with pytest.raises(FaxUnavailableError, match="Not running"):
            a_sender(hylafax).check()


def test_server_that_does_not_answer_in_time_is_an_outage(hylafax: HylaFax) -> None:
    with pytest.raises(FaxUnavailableError, match=r"faxstat took longer than 0:00:00\.001"):
        a_sender(hylafax, timeout=timedelta(milliseconds=1)).check()


def test_file_that_is_no_fax_is_refused(hylafax: HylaFax) -> None:
    with pytest.raises(FaxRefusedError, match="Can not determine file type"):
        a_sender(hylafax).send(hylafax.CLIENT, b"\x00\x01\x02" * 100, "image/tiff", "x")
    with pytest.raises(FaxRefusedError, match="Empty file"):
        a_sender(hylafax).send(hylafax.CLIENT, b"", "image/tiff", "x")


@pytest.mark.parametrize("number", ["110", "-h", "+86 20 88881111", "+862088881111\n", "+862088881111;x", ""])
def test_what_is_no_number_is_never_dialled(number: str) -> None:
    sender = HylafaxSender(HylafaxSettings(port=1), "desk@example.net")

    with pytest.raises(FaxRefusedError, match="no number"):
        sender.send(number, a_page("x"), "image/tiff", "x")


def test_tag_cannot_give_commands_to_the_server(hylafax: HylaFax) -> None:
    sender = a_sender(hylafax)

    job = sender.send(hylafax.NOBODY, a_page("x"), "image/tiff", '-d "0900\r\nJPARM MAXDIALS 99')

    assert hylafax.job(job)["jobtag"] == "-d _0900__JPARM MAXDIALS 99"
