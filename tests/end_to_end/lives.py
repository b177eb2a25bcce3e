"""A fault's life as its people play it: the client and the engineer write mails, the clock is set between them."""

import re
import subprocess
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from end_to_end.played import RealDesk, read_mail
from servers.faketime import SetMachine

SHANGHAI = ZoneInfo("Asia/Shanghai")
HANDLERS = """
[people.wang]
name = "王建国"
address = "wang@yuanheng-elv.example"
phone = "+86 138 0000 0001"
[people.zhao]
name = "赵志强"
address = "zhao@yuanheng-elv.example"
[people.chen]
name = "陈队长"
address = "chen@yuanheng-elv.example"
post = "lead"
[people.zhou]
name = "周经理"
address = "zhou@yuanheng-elv.example"
post = "manager"

[handlers.classify]
[handlers.sla]
report_within = "P2D"
calendars.office = { hours = ["08:30-12:00", "13:30-17:30"] }
[handlers.acknowledge]
[handlers.dispatch]
shifts = [{ who = ["wang"] }]
answer_within = "PT30M"
[handlers.report]
letterhead = { rows = ["广州市天河区科韵路 16 号　热线 400-123-4567"] }
"""
SHEET = """\
client,domains,project,contract,warranty_to,maintenance_to,calendar,engineer,engineer_to
滨江物业,binjiang.example,滨江广场,YH-2025-01,2027-06-30,,,,
城东医院,hospital.example,门诊楼,YH-2019-07,2021-12-31,2026-12-31,office,,
新城地铁,metro.example,三号线,YH-2026-02,2028-01-31,,,zhao@yuanheng-elv.example,2026-06-30
"""
"""In warranty; under a maintenance contract of working hours; in trial operation with a named engineer."""


class Life:
    """One fault, from the first mail to the report."""

    def __init__(self, desk: RealDesk, machine: SetMachine) -> None:
        """Let the desk know its clients."""
        self.desk = desk
        self._machine = machine
        self._now = datetime(2026, 3, 2, tzinfo=SHANGHAI)
        self._written = 0
        desk.command("migrate")
        sheet = desk.folder / "clients.csv"
        sheet.write_text(SHEET, encoding="utf-8")
        desk.command("clients", "import", str(sheet))

    def at(self, moment: str) -> None:
        """Set the clock, the desk's time, and let it do what is due."""
        self._now = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
        self.drain()

    def drain(self) -> None:
        """Let the desk do what is due."""
        utc = self._now.astimezone(ZoneInfo("UTC"))
        self._machine.set(f"@{utc:%Y-%m-%d %H:%M:%S}")
        self.desk.command("run", "--drain")

    def command(self, *arguments: str) -> str:
        """Type a command, at the time that was set."""
        utc = self._now.astimezone(ZoneInfo("UTC")) + timedelta(seconds=20)
        self._machine.set(f"@{utc:%Y-%m-%d %H:%M:%S}")
        return self.desk.command(*arguments)

    def write(
        self, moment: str, sender: str, text: str, subject: str = "", answer: EmailMessage | None = None
    ) -> None:
        """Let somebody write to the desk at this time, perhaps in answer to one of its mails."""
        self._now = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
        self._written += 1
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = "service@yuanheng-elv.example"
        mail["Subject"] = subject or f"Re: {answer['Subject'] if answer else ''}"
        mail["Message-ID"] = f"<{self._written}@life.example>"
        if answer is not None:
            mail["In-Reply-To"] = answer["Message-ID"]
            mail["References"] = answer["Message-ID"]
        mail.set_content(text)
        self.desk.account.deliver(mail.as_bytes(), internal_date=self._now)
        self.drain()

    def mails(self, to: str, subject: str = "") -> list[EmailMessage]:
        """Give the mails that went to somebody, oldest first."""
        read = map(read_mail, self.desk.sink.messages)
        return [mail for mail in read if to in mail["To"] and subject in mail["Subject"]]

    def engineer(self, moment: str, text: str, who: str = "wang") -> str:
        """Let an engineer answer the last work order; give the transcript that comes back."""
        (*_, order) = self.mails(who, "派工单")
        before = len(self.mails(who, "transcript"))
        self.write(moment, f"{who}@yuanheng-elv.example", text, answer=order)
        (transcript,) = self.mails(who, "transcript")[before:]
        return words(transcript)

    @property
    def ticket(self) -> dict[str, Any]:
        """The ticket as a listing shows it."""
        (ticket,) = self.desk.tickets()
        return ticket

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Give what the ticket's events of a kind hold."""
        (shown,) = self.desk.listing("ticket", self.ticket["reference"])
        return [event["data"] for event in shown["events"] if event["kind"] == kind]

    def explained(self) -> dict[str, tuple[str, str]]:
        """Give state and counted time of each clock."""
        return {row["clock"]: (row["state"], row["counted"]) for row in self._clocks()}

    def stretches(self, clock: str) -> list[tuple[str, str, str]]:
        """Give the stretches of a clock that counted, in the desk's time, and why."""
        row = next(row for row in self._clocks() if row["clock"] == clock)
        return [
            (*(_desks_time(stretch[end]) for end in ("from", "to")), stretch["why"])
            for stretch in row["stretches"]
            if stretch["counted"] != "-"
        ]

    def _clocks(self) -> list[dict[str, Any]]:
        self._machine.set(f"@{self._now.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M:%S}")
        return list(self.desk.listing("explain", self.ticket["reference"]))

    def report(self, to: str) -> str:
        """Give the words of the last report that a client got."""
        (*_, mail) = [mail for mail in self.mails(to) if any(mail.iter_attachments())]
        (pdf,) = mail.iter_attachments()
        file: Path = self.desk.folder / "report.pdf"
        file.write_bytes(pdf.get_content())
        told = subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True).stdout
        return re.sub(r"\s+", " ", told.decode())


def _desks_time(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(ZoneInfo('Asia/Shanghai')):%m-%d %H:%M}"


def words(mail: EmailMessage) -> str:
    """Give the text of a mail."""
    body = mail.get_body()
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
