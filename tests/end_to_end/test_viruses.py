"""A virus in a mail comes to the desk and goes no further, over a real clamd."""

import io
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from end_to_end.played import RealDesk, acknowledgements, read_mail
from servers.clamd import EICAR, SIGNATURE, ClamdServer
from servers.dovecot import MailAccount
from servers.process import wait_until
from servers.smtp import SmtpSink

MakeDesk = Callable[..., RealDesk]


@pytest.fixture
def make_desk(
    tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, clamd: ClamdServer
) -> Iterator[MakeDesk]:
    made: list[RealDesk] = []

    def make(database_url: str = "sqlite:///faultdesk.db", settings: str = "") -> RealDesk:
        table = f'[handlers.clamav]\nclamd = "{clamd.socket}"\n{settings}'
        made.append(RealDesk(tmp_path, account, smtp_sink, database_url, more=table))
        made[0].command("migrate")
        return made[0]

    yield make
    for desk in made:
        desk.close()


def a_mail(content: bytes, name: str, message_id: str = "<1@owner.example>", **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = "李明 <liming@owner.example>"
    mail["To"] = "service@yuanheng-elv.example"
    mail["Subject"] = headers.pop("Subject", "门禁坏了")
    mail["Message-ID"] = message_id
    for header, value in headers.items():
        mail[header.replace("_", "-")] = value
    mail.set_content("三号楼大厅的门禁刷卡没有反应，见附件。\n")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def zipped(content: bytes) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", content)
    return octets.getvalue()


def to(desk: RealDesk, who: str) -> list[EmailMessage]:
    return [mail for mail in map(read_mail, desk.sink.messages) if who in mail["To"]]


def the_ticket(desk: RealDesk) -> dict[str, Any]:
    (row,) = desk.tickets()
    (shown,) = desk.listing("ticket", row["reference"])
    return shown


def holds_the_virus(mail: EmailMessage) -> bool:
    """Look through all parts, and the original in one of them."""
    parts = [part.get_payload(decode=True) or b"" for part in mail.walk()]
    return any(b"WDVPIVAlQEFQ" in part or EICAR in part or b"From:" in part for part in parts)


@pytest.mark.parametrize(("content", "name"), [(EICAR, "现场.doc"), (zipped(EICAR), "plan.zip")])
def test_an_infected_mail_is_acknowledged_and_its_work_order_goes_without_it(
    make_desk: MakeDesk, database_url: str, content: bytes, name: str
) -> None:
    desk = make_desk(database_url)
    desk.account.deliver(a_mail(content, name))

    desk.command("run", "--drain")

    assert len(acknowledgements(desk.sink)) == 1
    (order,) = to(desk, "duty@")
    (told,) = order.iter_attachments()
    assert f"infected: {SIGNATURE}" in told.get_content()
    (alert,) = to(desk, "ops@")
    assert SIGNATURE in alert["Subject"]
    assert not any(map(holds_the_virus, map(read_mail, desk.sink.messages)))
    ticket = the_ticket(desk)
    (event,) = [one for one in ticket["events"] if one["kind"] == "infected"]
    assert event["actor"] == "clamav"
    assert event["data"] == {"inbox": 1, "signature": SIGNATURE}
    assert f"original withheld: infected: {SIGNATURE}" in desk.command("ticket", ticket["reference"])


def test_a_clean_original_goes_along(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.account.deliver(a_mail(b"the plan", "plan.doc"))
    desk.start()

    desk.sink.wait_for(2)

    (order,) = to(desk, "duty@")
    (original,) = order.iter_attachments()
    assert original.get_filename() == "notice-1.eml"
    assert b"<1@owner.example>" in original.get_content()
    assert to(desk, "ops@") == []


def test_no_command_gives_an_infected_original_out_unless_it_is_told_to(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.account.deliver(a_mail(EICAR, "a.doc"))
    desk.command("run", "--drain")

    refused = desk.command("inbox", "show", "1", "--raw", expect=1)
    forced = desk.command("inbox", "show", "1", "--raw", "--withheld")
    desk.command("person", "export", "liming@owner.example", str(desk.folder / "li.zip"))
    desk.command("person", "export", "liming@owner.example", str(desk.folder / "all.zip"), "--withheld")

    assert f"message 1 is withheld: infected: {SIGNATURE}; --withheld" in refused
    assert "<1@owner.example>" in forced
    (row,) = desk.listing("inbox", "show", "1")
    assert row["withheld"] == f"infected: {SIGNATURE}"
    with zipfile.ZipFile(desk.folder / "li.zip") as given:
        assert given.read("received-1.txt").decode() == f"withheld: infected: {SIGNATURE}\n"
        assert "received-1.eml" not in given.namelist()
    with zipfile.ZipFile(desk.folder / "all.zip") as given:
        assert b"<1@owner.example>" in given.read("received-1.eml")


def test_an_infected_answer_is_withheld_and_the_desk_told_once(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.account.deliver(a_mail(b"the plan", "plan.doc"))
    desk.command("run", "--drain")
    (acknowledgement,) = acknowledgements(desk.sink)
    for number in (2, 3):
        answer = a_mail(
            EICAR + b" " * number,
            "virus.doc",
            f"<{number}@owner.example>",
            Subject=f"Re: {acknowledgement['Subject']}",
            In_Reply_To=acknowledgement["Message-ID"],
        )
        desk.account.deliver(answer)
        desk.command("run", "--drain")

    clean, *additions = to(desk, "duty@")
    assert [part.get_filename() for part in clean.iter_attachments()] == ["notice-1.eml"]
    names = [part.get_filename() for mail in additions for part in mail.iter_attachments()]
    assert names == ["notice-2.txt", "notice-3.txt"]
    assert len(to(desk, "ops@")) == 1
    infected = [one for one in the_ticket(desk)["events"] if one["kind"] == "infected"]
    assert [event["data"]["inbox"] for event in infected] == [2, 3]


def test_without_clamd_the_work_order_goes_without_the_original_and_says_so(
    make_desk: MakeDesk, clamd: ClamdServer
) -> None:
    desk = make_desk(settings='give_up_after = "PT3S"')
    clamd.stop()
    desk.account.deliver(a_mail(EICAR, "a.doc"))
    desk.start()

    desk.sink.wait_for(2)

    first, second = map(read_mail, desk.sink.messages)
    assert first["Auto-Submitted"] == "auto-replied"
    (told,) = second.iter_attachments()
    assert "not scanned for viruses yet" in told.get_content()

    clamd.start()

    desk.sink.wait_for(3)
    assert SIGNATURE in to(desk, "ops@")[0]["Subject"]
    wait_until(
        lambda: desk.listing("inbox", "show", "1")[0]["withheld"].startswith("infected"), "it is noted"
    )
    assert len(to(desk, "duty@")) == 1


def test_check_says_that_clamd_cannot_be_reached(make_desk: MakeDesk, clamd: ClamdServer) -> None:
    desk = make_desk()
    well = desk.command("check", "--online")
    clamd.stop()

    said = desk.command("check", "--online", expect=78)

    assert "all is well and within reach" in well
    assert f"handlers.clamav: clamd at {clamd.socket}:" in said
    assert "all is well" in desk.command("check")
