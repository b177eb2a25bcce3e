import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faultdesk.domain.message import InboundMessage
from faultdesk.errors import TransientError
from faultdesk.reading import RawItem, Readers, ReadingFailure, ReadingLimits

CHILD = (sys.executable, "-P", str(Path(__file__).parent / "misbehaving_child.py"))
LIMITS = ReadingLimits(processes=2, seconds=20)


def item(text: str, number: int = 0) -> RawItem:
    content = f"From: a@x.example\nSubject: {text}\n\nx".encode()
    return RawItem(content=content, size=len(content), id=number)


@pytest.fixture
def readers() -> Iterator[Readers]:
    readers = Readers(LIMITS)
    yield readers
    readers.close()


@pytest.fixture
def misbehaving() -> Iterator[Readers]:
    """Readers whose child does what the subject of a message tells it to."""
    readers = Readers(LIMITS, CHILD)
    yield readers
    readers.close()


def failure(answer: InboundMessage | ReadingFailure) -> ReadingFailure:
    assert isinstance(answer, ReadingFailure)
    return answer


def subject(answer: InboundMessage | ReadingFailure) -> str:
    assert isinstance(answer, InboundMessage)
    return answer.subject


def test_messages_come_back_in_order_with_their_numbers(readers: Readers) -> None:
    answers = readers.read([item(f"gate {number}", number) for number in range(50)])

    assert [subject(answer) for answer in answers] == [f"gate {number}" for number in range(50)]
    assert [answer.id for answer in answers if isinstance(answer, InboundMessage)] == list(range(50))


def test_a_date_keeps_its_writers_zone_on_the_way(readers: Readers) -> None:
    content = b"From: a@x.example\nDate: Tue, 04 Nov 2025 07:10:00 +0800\n\nx"

    (message,) = readers.read([RawItem(content=content, size=len(content))])

    assert isinstance(message, InboundMessage)
    assert message.date
    assert message.date.isoformat() == "2025-11-04T07:10:00+08:00"


def test_nothing_to_read_is_nothing_read(readers: Readers) -> None:
    assert readers.read([]) == []


def test_great_message_passes_the_pipes(readers: Readers) -> None:
    content = b"From: a@x.example\nSubject: plans\nContent-Type: application/pdf\n\n" + b"x" * 30_000_000

    (answer,) = readers.read([RawItem(content=content, size=len(content))])

    assert isinstance(answer, InboundMessage)
    assert answer.attachments[0].size == 30_000_000


def test_careful_mode_reaches_the_child(readers: Readers) -> None:
    content = b"From: a@x.example\nSubject: gate\n\nbody"

    (answer,) = readers.read([RawItem(content=content, size=900, headers_only=True, id=7)])

    assert isinstance(answer, InboundMessage)
    assert (answer.subject, answer.text, answer.size, answer.id) == ("gate", "", 900, 7)


def test_killed_child_costs_its_own_message_alone(misbehaving: Readers) -> None:
    answers = misbehaving.read([item("one"), item("kill"), item("two"), item("three")])

    assert [subject(answers[at]) for at in (0, 2, 3)] == ["one", "two", "three"]
    assert failure(answers[1]).reason == "the reader was ended by SIGKILL"


def test_hung_child_is_ended_and_replaced() -> None:
    readers = Readers(ReadingLimits(processes=1, seconds=0.5), CHILD)

    answers = readers.read([item("hang"), item("one")])

    readers.close()
    assert failure(answers[0]).reason == "reading took longer than 0.5 s"
    assert subject(answers[1]) == "one"


def test_memory_of_a_child_is_bounded(misbehaving: Readers) -> None:
    (answer,) = misbehaving.read([item("eat memory")])

    assert failure(answer).reason == "the reader failed: MemoryError"


def test_child_cannot_open_many_files_or_write_one(misbehaving: Readers) -> None:
    answers = misbehaving.read([item("open files"), item("write a file")])

    assert "Too many open files" in failure(answers[0]).reason
    assert "File too large" in failure(answers[1]).reason


def test_exception_in_a_child_is_explained_by_its_traceback(misbehaving: Readers) -> None:
    (answer,) = misbehaving.read([item("raise")])

    assert failure(answer).reason.startswith("the reader failed: ZeroDivisionError: ")
    assert "Traceback" in failure(answer).detail


def test_child_that_floods_its_stderr_is_heard_to_the_last_words(misbehaving: Readers) -> None:
    (answer,) = misbehaving.read([item("shout")])

    assert subject(answer) == "shout"


def test_child_that_answers_nonsense_is_replaced(misbehaving: Readers) -> None:
    answers = misbehaving.read([item("lie"), item("boast"), item("one")])

    assert failure(answers[0]).reason == "the reader gave no proper answer"
    assert isinstance(answers[1], ReadingFailure)
    assert subject(answers[2]) == "one"


def test_child_that_does_not_start_is_no_fault_of_the_message() -> None:
    readers = Readers(LIMITS, (sys.executable, "-c", "raise SystemExit('no such module')"))

    with pytest.raises(TransientError, match="no such module"):
        readers.read([item("one")])

    readers.close()


def test_closed_readers_refuse_and_blame_no_message() -> None:
    readers = Readers(LIMITS)
    readers.read([item("one")])
    readers.close()

    with pytest.raises(TransientError, match="closed"):
        readers.read([item("two")])


def test_children_see_no_secrets_in_their_environment(
    misbehaving: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials")

    (answer,) = misbehaving.read([item("raise environment")])

    assert "CREDENTIALS_DIRECTORY" not in failure(answer).detail


def test_children_end_when_their_parent_is_killed() -> None:
    script = (
        "import sys; from faultdesk.reading import RawItem, Readers\n"
        "Readers().read([RawItem(content=b'x', size=1)])\n"
        "print(open('/proc/thread-self/children').read(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))

        parent.kill()

    # A pidfd is readable once its process has ended.
    assert select.select([child], [], [], 60)[0] == [child]
    os.close(child)


def test_child_loads_nothing_heavy() -> None:
    heavy = "sqlalchemy typer rich pluggy imapclient asyncio lxml charset_normalizer"
    script = (
        f"import sys, faultdesk.reading.child; print(*(m for m in '{heavy}'.split() if m in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
