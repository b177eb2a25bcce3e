"""make chaos: mail arrives all the time while the daemon is killed again and again; then everything is counted.

python -m benchmarks.chaos [--kills 200] [--messages 5000] [--database both] [--life 10] [--seed N]

How often a kill lands between a server's 250 and the receipt's commit follows from the mails sent per second
of life: the shorter the life, the more.
"""

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.sink import read_notes
from end_to_end.played import RealDesk
from servers.dovecot import Dovecot, MailAccount
from servers.postgresql import PostgreSQL
from servers.process import free_port, private_folder, unprivileged
from servers.smtp import SmtpSink

LONGEST_LIFE = 10.0
"""Seconds of work, at most, between a start and the kill."""
REST_SECONDS = 300.0
_START_SECONDS = 0.7
KILLS_PER_TWICE = 20


class Traffic(NamedTuple):
    """Mails to deliver, and what must come of each."""

    mails: list[bytes]
    acknowledged: set[str]
    """Message-IDs of those that must be answered, each once."""
    tickets: int


def make_traffic(count: int, chance: random.Random) -> Traffic:
    """Make faults of ever new clients; every tenth is a word more on an earlier one, every twentieth automatic."""
    mails: list[bytes] = []
    openers: list[int] = []
    for number in range(count):
        follows, automatic = number % 10 == 9, number % 20 == 18
        client = chance.choice(openers) if follows else number
        if not follows and not automatic:
            openers.append(number)
        mails.append(make_mail(number, client, automatic=automatic, follows=follows))
    acknowledged = {f"<chaos-{number}@owner{number}.example>" for number in openers}
    return Traffic(mails, acknowledged, len(openers))


def make_mail(number: int, client: int, *, automatic: bool, follows: bool) -> bytes:
    """Make one mail; its sender's domain is its client's own."""
    head = [
        f"From: client{client}@owner{client}.example",
        "To: service@yuanheng-elv.example",
        f"Subject: {'Re: ' if follows else ''}camera {client} is dark",
        f"Message-ID: <chaos-{number}@owner{client}.example>",
        "Content-Type: text/plain; charset=utf-8",
    ]
    head += ["Auto-Submitted: auto-replied"] if automatic else []
    head += [f"In-Reply-To: <chaos-{client}@owner{client}.example>"] if follows else []
    text = f"Camera {number} in hall {number % 17} shows no picture since this morning. Please send somebody."
    return ("\r\n".join(head) + f"\r\n\r\n{text}\r\n").encode()


class Count(NamedTuple):
    """What is left when the storm is over."""

    messages: int
    lost: int
    tickets: int
    doubled: int
    decided: int
    unsent: int
    sent: int
    twice: int
    changed: int
    """Of those sent twice, the ones that were not octet for octet the same."""
    unanswered: int
    kills: int
    seconds: float

    def complaints(self) -> list[str]:
        """Say what misses its target."""
        allowed = max(1, self.kills // KILLS_PER_TWICE)
        wrong = {
            "lost": self.lost,
            "doubled": self.doubled,
            "decided and never sent": self.unsent,
            "sent twice and not the same": self.changed,
            "clients without an answer": self.unanswered,
            f"sent twice, of {allowed} allowed": self.twice if self.twice > allowed else 0,
        }
        return [f"{count} {what}" for what, count in wrong.items() if count]

    def __str__(self) -> str:
        return "\n".join(f"{name:<12}{value:>8.6g}" for name, value in self._asdict().items())


class Storm:
    """One desk, killed while mail comes in."""

    def __init__(
        self, desk: RealDesk, notes: Path, traffic: Traffic, chance: random.Random, longest_life: float
    ) -> None:
        self.desk = desk
        self.notes = notes
        self.traffic = traffic
        self.chance = chance
        self.longest_life = longest_life

    def rage(self, kills: int) -> Count:
        """Deliver and kill, then let it come to rest and count."""
        begun = time.monotonic()
        over = threading.Event()
        delivering = threading.Thread(target=self._deliver, args=(kills, over))
        delivering.start()
        for _ in range(kills):
            self.desk.start()
            time.sleep(self.chance.uniform(0.0, self.longest_life))
            self.desk.kill()
        over.set()
        delivering.join()
        self.desk.start()
        self._rest()
        self.desk.stop()
        return self._count(kills, time.monotonic() - begun)

    def _deliver(self, kills: int, over: threading.Event) -> None:
        """Spread the mails over the time that the kills will take; the rest comes after them."""
        pause = kills * (self.longest_life / 2 + _START_SECONDS) / max(1, len(self.traffic.mails))
        with self.desk.account.imap() as client:
            for mail in self.traffic.mails:
                client.append("INBOX", mail)
                over.wait(pause * self.chance.uniform(0.5, 1.2))

    def _rest(self) -> None:
        """Wait until every mail has ended and nothing is under way."""
        until = time.monotonic() + REST_SECONDS
        while time.monotonic() < until:
            states = {
                row["name"]: row["count"] for row in self.desk.listing("status") if row["what"] == "inbox"
            }
            jobs = {row["name"] for row in self.desk.listing("status") if row["what"] == "job"}
            ended = sum(count for state, count in states.items() if state != "received")
            if ended >= len(self.traffic.mails) and "sent" not in jobs:
                return
            time.sleep(0.5)

    def _count(self, kills: int, seconds: float) -> Count:
        inbox = self.desk.inbox()
        tickets = self.desk.tickets()
        sent: dict[str, list[str]] = {}
        for note in read_notes(self.notes):
            sent.setdefault(note.message_id, []).append(note.sha256)
        answered = {note.in_reply_to for note in read_notes(self.notes)}
        jobs = self.desk.listing("jobs", "list", "--limit", "1000000")
        waiting = sum(job["kind"] == "mail.send" for job in jobs)
        return Count(
            messages=len(self.traffic.mails),
            lost=len(self.traffic.mails) - len({row["uid"] for row in inbox if row["state"] != "received"}),
            tickets=len(tickets),
            doubled=len(tickets) - self.traffic.tickets,
            decided=len(sent) + waiting,
            unsent=waiting,
            sent=sum(map(len, sent.values())),
            twice=sum(len(contents) - 1 for contents in sent.values()),
            changed=sum(len(set(contents)) > 1 for contents in sent.values()),
            unanswered=len(self.traffic.acknowledged - answered),
            kills=kills,
            seconds=seconds,
        )


def storm(
    folder: Path, account: MailAccount, url: str, *,
    messages: int, kills: int, seed: int, longest_life: float = LONGEST_LIFE,
) -> Count:  # fmt: skip
    """Set up a desk and count what a storm leaves of it."""
    chance = random.Random(seed)
    port, notes = free_port(), folder / "mails"
    # A process of its own: in this one it would be slow to say 250, and the daemon be killed over that.
    sink = subprocess.Popen([sys.executable, "-m", "benchmarks.sink", str(port), str(notes)])
    desk = RealDesk(folder, account, SmtpSink(), url, smtp_port=port)
    desk.command("migrate")
    try:
        return Storm(desk, notes, make_traffic(messages, chance), chance, longest_life).rage(kills)
    finally:
        desk.close()
        sink.terminate()
        sink.wait(30)


@contextlib.contextmanager
def databases(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Give an URL for each kind of database asked for."""
    with contextlib.ExitStack() as stack:
        urls = {"sqlite": "sqlite:///faultdesk.db"} if "sqlite" in names else {}
        if "postgresql" in names:
            home = stack.enter_context(private_folder("chaos-postgresql", unprivileged("postgres")))
            server = PostgreSQL(home)
            server.start()
            stack.callback(server.stop)
            urls["postgresql"] = server.url()
        yield urls


def main() -> int:
    """Rage on each database, print the counts; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--life", type=float, default=LONGEST_LIFE, help="seconds of work, at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    wanted = ["sqlite", "postgresql"] if options.database == "both" else [options.database]
    missed = False
    with (
        private_folder("chaos-dovecot", unprivileged("nobody")) as home,
        tempfile.TemporaryDirectory() as folder,
        databases(wanted) as urls,
    ):
        dovecot = Dovecot(home)
        dovecot.start()
        try:
            for name, url in urls.items():
                place = Path(folder) / name
                place.mkdir()
                count = storm(
                    place, dovecot.new_account(), url,
                    messages=options.messages, kills=options.kills, seed=options.seed, longest_life=options.life,
                )  # fmt: skip
                print(f"{name}, seed {options.seed}\n{count}", *count.complaints(), "", sep="\n", flush=True)
                missed = missed or bool(count.complaints())
        finally:
            dovecot.stop()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
