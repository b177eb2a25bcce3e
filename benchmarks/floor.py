"""The least that any desk must do: fetch, parse, store a batch in one transaction, hand an answer to SMTP.

python -m benchmarks.floor IMAP_PORT USER PASSWORD SMTP_PORT DATABASE
"""

import smtplib
import sqlite3
import sys
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

from imapclient import IMAPClient

BATCH = 100


def main() -> None:
    """Run through the INBOX once; print how many messages and seconds that took."""
    imap_port, user, password, smtp_port, database = sys.argv[1:]
    started = time.perf_counter()
    client = IMAPClient("127.0.0.1", int(imap_port), ssl=False)
    client.login(user, password)
    client.select_folder("INBOX")
    store = sqlite3.connect(database, isolation_level=None)
    store.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (uid, subject, raw);"
    )
    out = smtplib.SMTP("127.0.0.1", int(smtp_port))
    uids = client.search()
    for start in range(0, len(uids), BATCH):
        answer_batch(client.fetch(uids[start : start + BATCH], ["BODY.PEEK[]"]), store, out)
    out.quit()
    client.logout()
    print(len(uids), time.perf_counter() - started)


def answer_batch(
    fetched: dict[int, dict[bytes, bytes]], store: sqlite3.Connection, out: smtplib.SMTP
) -> None:
    """Parse and store a batch, then answer each of it."""
    answers = []
    store.execute("BEGIN IMMEDIATE")
    for uid, data in fetched.items():
        raw = data[b"BODY[]"]
        read = message_from_bytes(raw, policy=policy.default)
        body = read.get_body(("plain", "html"))
        text = body.get_content() if body else ""
        store.execute("INSERT INTO t VALUES (?, ?, ?)", (uid, str(read["Subject"]), raw))
        answer = EmailMessage()
        answer["From"] = "service@yuanheng-elv.example"
        answer["To"] = str(read["From"].addresses[0].addr_spec)
        answer["Subject"] = f"Re: {read['Subject']}"
        answer["In-Reply-To"] = str(read["Message-ID"])
        answer.set_content(f"已收到。\n{text[:100]}")
        answers.append(answer)
    store.execute("COMMIT")
    for answer in answers:
        out.send_message(answer)


if __name__ == "__main__":
    main()
