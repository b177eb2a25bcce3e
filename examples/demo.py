"""Runs a whole desk in the folder demo/: mails in, tickets and acknowledgements out; no server, no root."""

import os
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.rule import Rule

EXAMPLES = Path(__file__).parent
DEMO = EXAMPLES.parent / "demo"
CONFIG = DEMO / "faultdesk.toml"
FAULTDESK = Path(sys.executable).with_name("faultdesk")
SECONDS_APART = 90
ZONE = ZoneInfo("Asia/Shanghai")  # in which the clients write
SHOWN = ("From", "To", "Subject", "Message-ID", "In-Reply-To", "Auto-Submitted")

console = Console(highlight=False, markup=False, soft_wrap=True)


def main() -> None:
    """Start afresh, deliver the examples, drain the desk, show what came of it."""
    shutil.rmtree(DEMO, ignore_errors=True)
    faultdesk("init", str(DEMO))
    faultdesk("--config", str(CONFIG), "migrate")

    mails = sorted(EXAMPLES.glob("*.eml"))
    now = time.time()
    for number, mail in enumerate(mails):
        deliver(mail, received=now - SECONDS_APART * (len(mails) - number))
    heading(f"{len(mails)} mails delivered, {SECONDS_APART} s apart; the daemon runs until all is done")
    with (DEMO / "daemon.log").open("wb") as log:
        faultdesk("--config", str(CONFIG), "run", "--drain", log=log)

    heading("tickets")
    faultdesk("--config", str(CONFIG), "tickets")
    heading("the acknowledgement of the first mail")
    show(acknowledgement_of(message_from_bytes(mails[0].read_bytes(), EmailMessage, policy=policy.default)))
    heading("where everything lies")
    console.print(whereabouts())


def faultdesk(*arguments: str, log: BinaryIO | None = None) -> None:
    """Run the command as an operator would; its words go to the screen, its log where it is told to."""
    console.print(f"$ faultdesk {' '.join(map(shown_path, arguments))}", style="bold")
    if subprocess.run([FAULTDESK, *arguments], check=False, stderr=log).returncode:
        sys.exit("the demo ends here; what went wrong stands above")


def deliver(mail: Path, received: float) -> None:
    """Put a mail into the inbox as a mail server would, as if it had come just then."""
    date = format_datetime(datetime.fromtimestamp(received, ZONE))
    text = re.sub(rb"(?m)^Date: .*$", b"Date: " + date.encode(), mail.read_bytes(), count=1)
    # The stranger quotes the first ticket, whose number has this year in it.
    text = text.replace(b"FD-2026-", time.strftime("FD-%Y-", time.localtime(received)).encode())
    trace = f"Received: from mx.example by mail.faultdesk.example; {date}\n"
    name = f"{received:.6f}.{mail.stem}"
    arriving = DEMO / "inbox/tmp" / name
    arriving.write_bytes(trace.encode() + text)
    os.utime(arriving, (received, received))
    arriving.rename(DEMO / "inbox/new" / name)


def acknowledgement_of(notice: EmailMessage) -> EmailMessage:
    """Find the mail in the outbox that answers `notice`."""
    for sent in sorted(DEMO.glob("outbox/new/*")):
        mail = message_from_bytes(sent.read_bytes(), EmailMessage, policy=policy.default)
        if mail["In-Reply-To"] == notice["Message-ID"]:
            return mail
    sys.exit(f"no acknowledgement of {notice['Message-ID']} in {DEMO / 'outbox'}")


def show(mail: EmailMessage) -> None:
    """Print a mail as its reader sees it."""
    for name in SHOWN:
        console.print(f"{name}: {mail[name]}")
    body = mail.get_body(("plain",))
    console.print(f"\n{body.get_content() if body else ''}")


def whereabouts() -> str:
    """Tell what lies where, and what to try next."""
    outgoing = len(list(DEMO.glob("outbox/new/*")))
    command = f"{shown_path(str(FAULTDESK))} --config {shown_path(str(CONFIG))}"
    return f"""demo/faultdesk.toml  the configuration
demo/faultdesk.db    tickets, messages, jobs: everything, the original mails included
demo/inbox/          the Maildir that clients' mails reach
demo/outbox/         the Maildir for what the desk writes: {outgoing} acknowledgements, work orders, alerts
demo/daemon.log      what the daemon logged: ids, never a client's words

Next: {command} ticket {time.strftime("FD-%Y-000001")}
      {command} explain {time.strftime("FD-%Y-000001")}
      {command} status"""


def heading(text: str) -> None:
    """Draw a line with a text in it."""
    console.print()
    console.print(Rule(text, align="left"))


def shown_path(argument: str) -> str:
    """Shorten a path to what one would type."""
    here = f"{Path.cwd()}{os.sep}"
    return argument.removeprefix(here)


if __name__ == "__main__":
    main()
