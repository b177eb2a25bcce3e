"""How long mail waits for its acknowledgement while 200 fax pages wait to be read.

python -m benchmarks.fax_backlog [--pages 200] [--mails 60] [--every-seconds 2]
"""

import argparse
import sys
import time
from email.message import EmailMessage
from pathlib import Path

from benchmarks.bench import Bench, servers, times
from benchmarks.corpus import make_mail

_PAGE = Path(__file__).parents[1] / "tests/data/faxes/form-fine.tif"
_TARGET = 3.0
"""Seconds, of 95 mails in 100."""
_MORE = """
[handlers.fax]
gateways.office = { dialect = "any", senders = ["printer@fax.example"] }
[handlers.ocr]
"""


def fax(number: int) -> bytes:
    """Make a printer's mail with a page, each of another caller."""
    mail = EmailMessage()
    mail["From"] = "printer@fax.example"
    mail["To"] = "service@yuanheng-elv.example"
    mail["Subject"] = f"Fax from 0208888{number:04d}"
    mail["Message-ID"] = f"<fax-{number}@fax.example>"
    mail.set_content("A fax has come.")
    mail.add_attachment(_PAGE.read_bytes(), maintype="image", subtype="tiff", filename="fax.tif")
    return mail.as_bytes()


def main() -> int:
    """Measure, and print; 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--mails", type=int, default=60)
    parser.add_argument("--every-seconds", type=float, default=2.0)
    options = parser.parse_args()
    with servers() as bench:
        waits = measure(bench, options.pages, options.mails, options.every_seconds)
    p95 = waits[int(len(waits) * 0.95)]
    print(
        f"mail beside {options.pages} waiting pages: p50 {waits[len(waits) // 2]:.2f} s, p95 {p95:.2f} s "
        f"(target {_TARGET:g}), max {waits[-1]:.2f} s of {len(waits)}"
    )
    return int(p95 > _TARGET)


def measure(bench: Bench, pages: int, mails: int, every_seconds: float) -> list[float]:
    """Give the seconds from delivery to acknowledgement, in order."""
    account = bench.account_with(pages, fax)
    delivered: dict[str, float] = {}
    with bench.sink() as (port, notes), bench.daemon(account, port, more=_MORE), account.imap() as client:
        for number in range(mails):
            time.sleep(every_seconds)
            client.append("INBOX", make_mail(number))
            delivered[f"<bench-{number}@owner{number % 500}.example>"] = time.time()
        while not delivered.keys() <= dict(times(notes)).keys():
            time.sleep(0.1)
        arrived = dict(times(notes))
    return sorted(arrived[one] - at for one, at in delivered.items())


if __name__ == "__main__":
    sys.exit(main())
