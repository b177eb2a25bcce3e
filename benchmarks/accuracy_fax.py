"""make accuracy-fax: what is read on faxes, beside what stands on them.

python -m benchmarks.accuracy_fax FOLDER ... [--wrong] [--no-bare]

FOLDER holds NAME.tif or NAME.pdf with NAME.json. Characters: Levenshtein distance on NFKC text without white space, full-width
punctuation folded, rows in reading order, to the length of the true text. A field is exact when its value stands in the
text, folded the same way; a form's field also when it was taken out of the form as such. The bare engine
reads the same pages whole, in the next process, with neither vote nor header nor second look.
"""

import argparse
import contextlib
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.bare_engine import seconds_of
from benchmarks.labelled_faxes import Labelled, errors, folded, load, mail_with
from faultdesk.adapters.pages.readers import PageLimits, PageReaders
from faultdesk.domain.fax import Page
from faultdesk.reading.forms import fields_of

_TARGETS = {"fine": 0.4, "std": 1.2, "super": None, "all": 1.0}
_RECEIVED = {"fine": None, "std": None, "super": None, "all": 1.0}
_TURNED = ("flip", "skew")
_READ = 0.05
"""Of wrong characters a page may have that counts as read."""
_LOOKING_SECONDS = 0.5
_missed: list[str] = []
_BARE_EVERY = 4
"""Faxes apart that the bare engine reads, too."""


class Peak:
    """How large the child that reads pages has ever been, asked every half second."""

    def __init__(self) -> None:
        self.octets = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOKING_SECONDS):
            self.octets = max([self.octets, *_children()])


def _children() -> Iterator[int]:
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError, IndexError):  # what ends has no children, and no memory
            for pid in (task / "children").read_text(encoding="ascii").split():
                if b"adapters.pages.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
                    yield int(status.partition("VmHWM:")[2].split()[0]) * 1024


class Measured:
    """A folder's faxes, read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faxes: list[tuple[Labelled, tuple[Page, ...], float]] = []
        self.bare: list[tuple[float, float]] = []
        """Seconds of the same fax: ours, the bare engine's."""

    def read(self, readers: PageReaders, bare: ProcessPoolExecutor | None) -> None:
        for number, fax in enumerate(load(self.folder)):
            began = time.monotonic()
            pages = readers.read(mail_with(fax.file), (fax.file.name,))
            seconds = time.monotonic() - began
            self.faxes.append((fax, pages, seconds))
            if bare is not None and number % _BARE_EVERY == 0:
                self.bare.append((seconds, bare.submit(seconds_of, fax.file).result()))

    def tell(self, *, wrong: bool) -> None:
        print(f"\n== {self.folder}: {len(self.faxes)} faxes\n")
        self._tell_characters()
        self._tell_fields()
        self._tell_pages()
        if wrong:
            self._tell_wrong()

    def _tell_characters(self) -> None:
        for kind, target in (_RECEIVED if "received" in self.folder.name else _TARGETS).items():
            chosen = [one for one in self.faxes if kind in {one[0].resolution, "all"}]
            length = sum(len(folded(fax.text)) for fax, _, _ in chosen)
            if length:
                found = 100 * sum(errors(fax, pages) for fax, pages, _ in chosen) / length
                _tell(f"wrong characters, {kind}, %", found, target, most=True)

    def _tell_fields(self) -> None:
        told = sum(len(fax.fields) for fax, _, _ in self.faxes)
        missed = sum(len(_unsaid(fax, pages)) for fax, pages, _ in self.faxes)
        _tell("fields that stand in the text exactly, %", 100 - 100 * missed / told, 95)
        forms = [(fax, pages) for fax, pages, _ in self.faxes if "form" in fax.kind]
        if not forms:
            return
        told = sum(len(fax.fields) for fax, _ in forms)
        wrong = [reason for fax, pages in forms for reason in _form_differences(fax, pages)]
        _tell(
            "fields taken out of forms exactly, %",
            100 - 100 * len([1 for one in wrong if "+" not in one]) / told,
            95,
        )
        _tell("fields of forms that nobody filled in", len([1 for one in wrong if "+" in one]), 0, most=True)

    def _tell_pages(self) -> None:
        turned = [
            errors(fax, pages) <= _READ * len(folded(fax.text))
            for fax, pages, _ in self.faxes
            if any(what in fax.damage for what in _TURNED)
        ]
        if turned:
            _tell("turned and skewed faxes read, %", 100 * statistics.mean(turned), 100)
        pages = [page for _, read, _ in self.faxes for page in read]
        _tell("seconds a page", sum(seconds for _, _, seconds in self.faxes) / len(pages))
        if self.bare:
            ours, theirs = (sum(column) for column in zip(*self.bare, strict=True))
            _tell("pages a minute, beside the bare engine", theirs / ours, 0.9)
        eye = [page.by_eye for page in pages]
        _tell("pages to be read by eye", sum(eye))

    def _tell_wrong(self) -> None:
        print()
        for fax, pages, _ in self.faxes:
            count, unsaid, differences = (
                errors(fax, pages),
                _unsaid(fax, pages),
                _form_differences(fax, pages),
            )
            eye = [page.number for page in pages if page.by_eye]
            if count or unsaid or eye or ("form" in fax.kind and differences):
                print(
                    fax.file.name,
                    fax.resolution,
                    *fax.damage,
                    f"{count} wrong",
                    *unsaid,
                    f"by eye {eye}" * bool(eye),
                )
                print(*(f"    {one}" for one in differences if "form" in fax.kind), sep="\n")


def _text(pages: tuple[Page, ...]) -> str:
    return folded("\n".join(page.text for page in pages))


def _unsaid(fax: Labelled, pages: tuple[Page, ...]) -> list[str]:
    text = _text(pages)
    return [name for name, value in fax.fields.items() if folded(value) not in text]


def _form_differences(fax: Labelled, pages: tuple[Page, ...]) -> list[str]:
    said = {field.name: field.value for field in fields_of(pages)}
    found = [
        f"{name}: {value!r}, said {said.get(name)!r}"
        for name, value in fax.fields.items()
        if folded(said.get(name, "")) != folded(value)
    ]
    return found + [f"+{name}: {value!r}" for name, value in said.items() if name not in fax.fields]


def _tell(what: str, measured: float, target: float | None = None, *, most: bool = False) -> None:
    holds = target is None or (measured <= target if most else measured >= target)
    if not holds:
        _missed.append(what)
    wanted = "" if target is None else f"  {'<=' if most else '>='} {target:g}"
    print(f"{what:42}{measured:10.2f}{wanted}{'' if holds else '   MISSED'}")


def main() -> int:
    """Measure, and print; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--wrong", action="store_true", help="name the faxes that were misread")
    parser.add_argument("--no-bare", action="store_true", help="do not run the bare engine beside it")
    options = parser.parse_args()
    bare_memory = _octets_without_models(options.folders)
    readers = PageReaders({"ocr": {}}, PageLimits(seconds=600))
    peak = Peak()
    readers.read(mail_with(load(options.folders[0])[0].file), ("",))  # the models are loaded
    with ProcessPoolExecutor(1, get_context("spawn")) as bare:
        for folder in options.folders:
            measured = Measured(folder)
            measured.read(readers, None if options.no_bare else bare)
            measured.tell(wrong=options.wrong)
    readers.close()
    peak.close()
    print()
    _tell("peak of the reading process, MB", peak.octets / 1e6, 1000, most=True)
    _tell("peak of one that has no models, MB", bare_memory / 1e6, 100, most=True)
    return int(bool(_missed))


def _octets_without_models(folders: Sequence[Path]) -> int:
    """Take the same documents apart where no handler reads pages; tell how large the child became."""
    readers, peak = PageReaders({}), Peak()
    for fax in (fax for folder in folders for fax in load(folder)):
        readers.read(mail_with(fax.file), (fax.file.name,))
    time.sleep(2 * _LOOKING_SECONDS)
    peak.close()
    readers.close()
    return peak.octets


if __name__ == "__main__":
    sys.exit(main())
