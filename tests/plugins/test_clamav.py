import contextlib
import io
import socket
import threading
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest

from faultdesk.domain.decision import Job
from faultdesk.domain.message import Address, Attachment
from faultdesk.domain.ticket import Event
from faultdesk.errors import OutageError
from faultdesk.handlers.testing import NOON, FakeDesk, a_message, a_ticket
from faultdesk_clamav import SCAN, ClamavHandler
from servers.clamd import EICAR, SIGNATURE, STREAM_MAX_OCTETS, ClamdServer
from servers.process import free_port

JOB = Job(SCAN, arguments={"inbox": 17})
INFECTED = Event("infected", {"inbox": 17, "signature": SIGNATURE})


def a_mail(content: bytes, name: str = "report.doc") -> bytes:
    mail = EmailMessage()
    mail["From"] = "li@owner.example"
    mail["Subject"] = "camera"
    mail.set_content("see the file")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def zipped(content: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        octets = io.BytesIO()
        with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner", content)
        content = octets.getvalue()
    return content


def a_desk(original: bytes) -> FakeDesk:
    desk = FakeDesk(a_ticket())
    desk.originals[17] = original
    desk.filed[17] = 1
    return desk


def scanned(clamd: ClamdServer, original: bytes) -> FakeDesk:
    desk = a_desk(original)
    ClamavHandler(clamd=str(clamd.socket)).scan(JOB, desk)
    return desk


@contextlib.contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """Be a clamd that reads the question and gives an answer, or, for None, keeps silent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer_one() -> None:
            connection, _ = listening.accept()
            with connection:
                while connection.recv(65536) and answer is None:
                    pass
                connection.sendall(answer or b"")

        thread = threading.Thread(target=answer_one)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_what_has_attachments_is_looked_at_and_a_bare_text_is_not() -> None:
    handler = ClamavHandler(give_up_after=timedelta(minutes=2))
    attached = a_message(id=17, attachments=(Attachment("a.doc", "application/msword", 10),))

    inspection = handler.inspect_message(attached)

    assert inspection is not None
    assert inspection.job == JOB
    assert inspection.patience == timedelta(minutes=2)
    assert handler.inspect_message(a_message()) is None


def test_what_could_not_be_read_is_looked_at_too() -> None:
    assert ClamavHandler().inspect_message(a_message(problems=("encrypted",))) is not None


@pytest.mark.parametrize(
    "original",
    [
        a_mail(EICAR),
        a_mail(zipped(EICAR), "plan.zip"),
        a_mail(zipped(EICAR, times=3), "plan.zip"),
        b"X-Odd: no scanner knows a mail by me\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b64encode(EICAR),
        b"\r\n" + EICAR,
    ],
    ids=["a file", "an archive", "an archive in archives", "an unusual first header", "a bare body"],
)
def test_a_virus_is_found_and_told(clamd_server: ClamdServer, original: bytes) -> None:
    desk = scanned(clamd_server, original)

    assert desk.withheld == {17: f"infected: {SIGNATURE}"}
    assert desk.recorded == [(1, INFECTED)]
    (mail,) = desk.sent
    assert mail.to == (Address("ops@faultdesk.example"),)
    assert SIGNATURE in mail.subject
    assert desk.released == []


def test_a_clean_mail_is_released(clamd_server: ClamdServer) -> None:
    desk = scanned(clamd_server, a_mail(b"the plan"))

    assert desk.released == [17]
    assert desk.withheld == {}
    assert desk.recorded == []


def test_it_is_asked_over_tcp_too(clamd_server: ClamdServer) -> None:
    desk = a_desk(a_mail(EICAR))

    ClamavHandler(clamd=f"127.0.0.1:{clamd_server.port}").scan(JOB, desk)

    assert desk.recorded == [(1, INFECTED)]


@pytest.mark.parametrize("over", ["unix", "tcp"])
def test_what_is_larger_than_clamd_takes_is_not_scanned_and_says_so(
    clamd_server: ClamdServer, over: str
) -> None:
    address = str(clamd_server.socket) if over == "unix" else f"127.0.0.1:{clamd_server.port}"
    desk = a_desk(a_mail(b"\1" * 8 * STREAM_MAX_OCTETS))

    ClamavHandler(clamd=address).scan(JOB, desk)

    assert desk.withheld == {17: "not scanned for viruses: it is larger than clamd's StreamMaxLength"}
    ((ticket, event),) = desk.recorded
    assert (ticket, event.kind) == (1, "not_scanned")
    assert desk.sent == []


def test_archives_beyond_clamds_limits_are_not_taken_for_clean(clamd_server: ClamdServer) -> None:
    desk = scanned(clamd_server, a_mail(zipped(EICAR, times=9)))

    assert "goes beyond clamd's limits (Heuristics.Limits.Exceeded" in desk.withheld[17]


def test_an_infected_message_without_a_ticket_is_withheld_and_nobody_is_told(
    clamd_server: ClamdServer,
) -> None:
    desk = a_desk(a_mail(EICAR))
    desk.filed.clear()

    ClamavHandler(clamd=str(clamd_server.socket)).scan(JOB, desk)

    assert list(desk.withheld) == [17]
    assert desk.sent == []


def test_a_message_that_was_purged_is_let_be(clamd_server: ClamdServer) -> None:
    desk = FakeDesk()

    ClamavHandler(clamd=str(clamd_server.socket)).scan(JOB, desk)

    assert (desk.withheld, desk.released) == ({}, [])


@pytest.mark.parametrize("where", ["no socket", "no listener"])
def test_a_clamd_that_is_away_is_an_outage(tmp_path: Path, where: str) -> None:
    away = str(tmp_path / "clamd.ctl") if where == "no socket" else f"127.0.0.1:{free_port()}"
    desk = a_desk(a_mail(EICAR))

    with pytest.raises(OutageError, match=f"clamd at {away}"):
        ClamavHandler(clamd=away).scan(JOB, desk)

    assert (desk.withheld, desk.released) == ({}, [])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "clamd hung up over it"),
        (b"COMMAND READ TIMED OUT\0", "COMMAND READ TIMED OUT"),
        (b"stream: Can't allocate memory ERROR\0", "allocate memory ERROR"),
        (None, "no answer within 0.2 s"),
    ],
    ids=["hangs up", "a complaint", "an error", "silence"],
)
def test_an_original_that_clamd_chokes_on_comes_behind_the_others_and_is_given_up(
    answer: bytes | None, why: str
) -> None:
    desk = a_desk(a_mail(b"the plan"))
    settings = {"timeout": timedelta(seconds=0.2 if answer is None else 20)}

    for failed in range(3):
        with answering(answer) as address:
            job = Job(SCAN, arguments={"inbox": 17, "failed": failed})
            ClamavHandler(clamd=address, **settings).scan(job, desk)

    assert [job.arguments["failed"] for job in desk.jobs] == [1, 2]
    assert all(job.run_at == NOON + timedelta(seconds=30) for job in desk.jobs)
    assert why in desk.withheld[17]
    assert desk.recorded[0][1].kind == "not_scanned"


def test_check_says_whether_clamd_is_there(clamd_server: ClamdServer, tmp_path: Path) -> None:
    there = ClamavHandler(clamd=str(clamd_server.socket)).check_online()
    away = ClamavHandler(clamd=str(tmp_path / "clamd.ctl")).check_online()

    assert there is None
    assert away is not None
    assert "No such file" in away


@pytest.mark.parametrize("address", ["clamd.ctl", "localhost:", ":3310", "localhost:99999", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="neither an absolute path nor HOST:PORT"):
        msgspec.convert({"clamd": address}, ClamavHandler)
