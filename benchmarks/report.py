"""What the written report costs, beside a page of nothing that the same typesetter sets.

python -m benchmarks.report
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from faultdesk.domain.identity import Identity
from faultdesk.domain.ticket import Event
from faultdesk.handlers.testing import NOON, a_ticket
from faultdesk.handlers.typesetting import Typesetter
from faultdesk_report import ReportHandler

_TARGET = 300
_ROUNDS = 20
_HOUR = timedelta(hours=1)
_DESK = Identity(name="远恒智能客服中心", address="service@faultdesk.example")


def a_log(number: int) -> tuple[Event, ...]:
    """Make a life of forty events, none like another's."""
    waits = [
        Event(kind, {"reason": f"钥匙 {number}"}, NOON + step * _HOUR / 10, "wang@faultdesk.example")
        for step in range(20)
        for kind in ("waiting", "resumed")
    ]
    told = {
        "cause": f"线路接头锈蚀，衰耗超标。{number} " * 20,
        "method": "逐段检查并更换。\n" * 20,
        "recovered_at": (NOON + 3 * _HOUR).isoformat(),
        "completed_at": (NOON + 4 * _HOUR).isoformat(),
        "number": 1,
    }
    return (*waits, Event("resolved", told, NOON + 4 * _HOUR, "wang@faultdesk.example"))


def milliseconds(work: Callable[[], object]) -> float:
    """Time a piece of work."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def first() -> None:
    """Time the first report of a process, fonts and all; print it alone."""
    handler, log = ReportHandler(), a_log(0)
    print(milliseconds(lambda: handler.report(a_ticket(), log, log[-1], _DESK)))


def report_of(handler: ReportHandler, number: int) -> float:
    """Time a report that was never set before."""
    log = a_log(number)
    return milliseconds(lambda: handler.report(a_ticket(), log, log[-1], _DESK))


def page_of(empty: Typesetter, number: int) -> float:
    """Time an empty page that was never set before."""
    return milliseconds(lambda: empty.set({"number": number}))


def main() -> None:
    """Measure, and print."""
    cold = [
        float(
            subprocess.run(
                [sys.executable, "-m", __spec__.name, "first"], check=True, capture_output=True
            ).stdout
        )
        for _ in range(3)
    ]
    handler = ReportHandler()
    page = Path(tempfile.mkdtemp()) / "empty.typ"
    page.write_text("")
    empty = Typesetter(page)
    empty.set({})
    pairs = [(report_of(handler, number), page_of(empty, number)) for number in range(_ROUNDS)][1:]
    report, bare = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    print(f"the first report of a process: {statistics.median(cold):.0f} ms (target {_TARGET})")
    print(f"a report of three pages: {report:.1f} ms, {report / bare:.0f} times an empty page")


if __name__ == "__main__":
    first() if sys.argv[1:] == ["first"] else main()
