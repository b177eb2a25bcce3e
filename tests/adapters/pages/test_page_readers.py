import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from adapters.pages.documents import a_mail, a_page, a_pdf, a_raw_tiff, a_tiff
from adapters.pages.hostile import HOSTILE
from faultdesk.adapters.pages.readers import PageLimits, PageReaders
from faultdesk.domain.fax import Page
from faultdesk.reading.process import ReadersUnavailableError

GOOD = a_tiff(a_page(rows=(300,)))
UNREAD = "no handler could read the page"
GIGABYTE = 10**9


def read(readers: PageReaders, octets: bytes, name: str = "fax.tif") -> tuple[Page, ...]:
    return readers.read(a_mail((name, octets)), (name,))


def problems(readers: PageReaders, octets: bytes, name: str = "fax.tif") -> list[str]:
    return [page.problem for page in read(readers, octets, name)]


def children() -> Iterator[Path]:
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread or a child that ended meanwhile
            for pid in (task / "children").read_text(encoding="ascii").split():
                if b"adapters.pages.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    yield Path(f"/proc/{pid}")


class Peaks:
    """The most memory that reading children were seen to hold."""

    def __init__(self) -> None:
        self.octets = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            for child in children():
                with suppress(OSError, IndexError):  # one that ends has no memory any more
                    status = (child / "status").read_text(encoding="ascii")
                    self.octets = max(self.octets, int(status.partition("VmHWM:")[2].split()[0]) * 1024)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_document_costs_neither_memory_nor_the_next_fax(decoders: PageReaders, what: str) -> None:
    name, octets = HOSTILE[what]()

    with Peaks() as peaks:
        pages = read(decoders, octets, name)

    assert pages
    assert all(page.problem for page in pages)
    assert peaks.octets < GIGABYTE
    assert problems(decoders, GOOD) == [UNREAD]


def test_of_ten_thousand_pages_the_first_are_read_and_the_rest_is_told(decoders: PageReaders) -> None:
    octets = a_raw_tiff(*[{257: 1, 259: 1}] * 10_000, strip=bytes(216))

    assert problems(decoders, octets) == [UNREAD] * 5 + ["only the first 5 pages of a fax are read"]


def test_of_ten_thousand_pages_of_a_pdf_the_first_are_read_and_the_rest_is_told(
    decoders: PageReaders,
) -> None:
    octets = a_pdf(*[b"/MediaBox[0 0 595 842]"] * 10_000)

    assert problems(decoders, octets, "fax.pdf") == [UNREAD] * 5 + [
        "only the first 5 pages of a fax are read"
    ]


@pytest.fixture
def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageReaders]:
    """Readers whose handler does to its process what the width of a page says."""
    (tmp_path / "misbehaving_pages.py").write_text(_MISBEHAVING, encoding="utf-8")
    entry = tmp_path / "misbehaving-1.dist-info"
    entry.mkdir()
    (entry / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: misbehaving\nVersion: 1\n", encoding="utf-8"
    )
    (entry / "entry_points.txt").write_text(
        "[faultdesk.handlers]\nmisbehaving = misbehaving_pages:Misbehaving\n", encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    limits = PageLimits(resident_octets=300_000_000)
    readers = PageReaders({"misbehaving": {}}, limits)
    yield readers
    readers.close()


_MISBEHAVING = """
import os, signal
from faultdesk.domain.fax import Line, PageReading
from faultdesk.handlers import Handler, hookimpl

kept = []

class Misbehaving(Handler, frozen=True):
    @hookimpl
    def read_page(self, page):
        if page.width == 1600:
            os.kill(os.getpid(), signal.SIGKILL)
        if page.width == 1500:
            signal.pause()
        if page.width == 1400:
            while True:
                kept.append(b"x" * 1_000_000)
        if page.width == 1300:
            raise ValueError("no such page")
        return PageReading(lines=(Line(str(page.width), 1.0, 0, 0, 10, 10),))
"""


@pytest.mark.parametrize(
    ("width", "problem"),
    [
        (1600, "not read: the reader was ended by SIGKILL"),
        (1300, "not read: the reader failed: ValueError: no such page"),
    ],
)
def test_a_page_that_ends_its_reader_says_so_and_the_others_are_read(
    misbehaving: PageReaders, width: int, problem: str
) -> None:
    pages = read(misbehaving, a_tiff(a_page(), a_page(width), a_page()))

    assert [(page.number, page.text, page.problem) for page in pages] == [
        (1, "1728", ""),
        (2, "", problem),
        (3, "1728", ""),
    ]


def test_a_page_that_hangs_its_reader_leaves_no_time_for_others(misbehaving: PageReaders) -> None:
    misbehaving.limits = PageLimits(seconds=5)

    pages = read(misbehaving, a_tiff(a_page(), a_page(1500), a_page()))

    assert [page.text for page in pages] == ["1728", "", ""]
    assert pages[1].problem.startswith("not read: reading took longer than ")
    assert pages[2].problem == "reading took too long: what may follow was not read"


def test_a_page_that_takes_too_much_memory_says_so_and_the_next_is_read(misbehaving: PageReaders) -> None:
    pages = read(misbehaving, a_tiff(a_page(1400), a_page()))

    # How much it had taken when somebody looked is the machine's affair.
    assert re.fullmatch(r"not read: reading took \d{3,4} MB of memory, more than 300", pages[0].problem)
    assert pages[1].text == "1728"


def test_a_fax_whose_pages_end_the_reader_again_and_again_is_given_up(misbehaving: PageReaders) -> None:
    pages = read(misbehaving, a_tiff(*[a_page(1600)] * 5))

    assert [page.problem for page in pages[:3]] == ["not read: the reader was ended by SIGKILL"] * 3
    assert pages[3].problem == "3 pages ended the reader: what may follow was not read"
    assert len(pages) == 4


def test_a_fax_that_takes_longer_than_a_fax_may_is_cut(misbehaving: PageReaders) -> None:
    misbehaving.limits = PageLimits(seconds=0)

    pages = read(misbehaving, a_tiff(a_page(), a_page()))

    assert pages[-1].problem == "reading took too long: what may follow was not read"


def test_a_child_that_rests_ends_and_a_fresh_one_reads(tmp_path: Path) -> None:
    readers = PageReaders({}, PageLimits(idle_seconds=0))
    read(readers, GOOD)
    before = list(children())

    readers.rest()

    assert len(before) == 1
    assert not before[0].exists()
    assert problems(readers, GOOD) == [UNREAD]
    readers.close()


def test_readers_that_are_closed_read_nothing() -> None:
    readers = PageReaders({})
    readers.close()

    with pytest.raises(ReadersUnavailableError, match="the reader of pages is closed"):
        read(readers, GOOD)


def test_a_mail_without_the_named_documents_has_no_pages(decoders: PageReaders) -> None:
    assert decoders.read(a_mail(("fax.tif", GOOD)), ("other.tif",)) == ()
