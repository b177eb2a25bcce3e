"""The child process that reads pages: a mail in, a page out at a time, under limits that it sets itself."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import msgspec
import zxingcpp
from PIL import Image

from faultdesk.adapters.pages.exchange import Handlers, PageAnswer, PagesItem, Request
from faultdesk.adapters.pages.room import Room
from faultdesk.adapters.pages.scan import SQUARE_DPI, Scan
from faultdesk.adapters.pages.scans import pages_of, squared
from faultdesk.domain.fax import Page, PageImage
from faultdesk.handlers.host import Host, installed_handlers
from faultdesk.reading.child import set_limits, write_frame
from faultdesk.reading.exchange import LENGTH, READY
from faultdesk.reading.mime import documents_in

_GRACE_SECONDS = 5.0
_MANY_BAD_ROWS = 40
_QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def main() -> None:
    """Read pages until stdin ends. Arguments: handlers, octets of memory, open files, seconds for one page."""
    host = _host(msgspec.json.decode(sys.argv[1], type=dict[str, dict[str, object]]))
    memory, files, seconds = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.nice(10)  # mail goes before pages
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        set_limits(memory, files)
        _serve(sys.stdin.buffer, answers, seconds, host)


def _host(settings: Handlers) -> Host:
    installed = installed_handlers()
    return Host({name: msgspec.convert(table, installed[name].load()) for name, table in settings.items()})


def _serve(requests: BinaryIO, answers: BinaryIO, seconds: float, host: Host) -> None:
    decoder, encoder = msgspec.msgpack.Decoder(Request), msgspec.json.Encoder()
    write_frame(answers, READY)
    pages: Iterator[Page] = iter(())
    # What pages of other sizes left in pieces is given back: else the largest take a third more, and are ended for it.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)
    while len(length := requests.read(LENGTH.size)) == LENGTH.size:
        request = decoder.decode(requests.read(LENGTH.unpack(length)[0]))
        # Time of all processors: the parent counts what the child takes, and a busy machine may give it little.
        signal.setitimer(signal.ITIMER_PROF, (seconds + _GRACE_SECONDS) * (os.cpu_count() or 1))
        if isinstance(request, PagesItem):
            pages = _pages(request, host)
        answer = encoder.encode(PageAnswer(next(pages, None)))
        signal.setitimer(signal.ITIMER_PROF, 0)
        trim(0)
        write_frame(answers, answer)


def _pages(item: PagesItem, host: Host) -> Iterator[Page]:
    """Read the pages from `first` on; those before it are passed over without being looked at."""
    room = Room(item.resident_octets)
    documents = documents_in(item.content, item.documents)
    every = (scan for document in documents for scan in pages_of(document.octets, document.media_type))
    scans = islice(every, item.first, None)
    for number in range(item.first + 1, item.most + 1):
        with room.bounded():
            scan = next(scans, None)
            taken = scan and _taken(scan())
        if taken is None:
            return
        yield _page(number, *taken, host)
    with room.bounded():
        has_more = next(scans, None) is not None
    if has_more:
        problem = f"only the first {item.most} pages of a fax are read"
        yield Page(number=item.most + 1, problem=problem, is_left_out=True)


def _taken(scan: Scan) -> tuple[Scan, Image.Image | None]:
    """Give what was taken out of a document, and its picture as it is read."""
    return scan, None if scan.picture is None else squared(scan)


def _page(number: int, scan: Scan, image: Image.Image | None, host: Host) -> Page:
    if image is None:
        return Page(number=number, bad_rows=scan.bad_rows, problem=scan.problem)
    codes = tuple(code.text for code in zxingcpp.read_barcodes(image, formats=_QR_CODES))
    if scan.lines:
        return Page(number=number, lines=scan.lines, codes=codes)
    reading = host.read_page(
        PageImage(width=image.width, height=image.height, pixels=image.tobytes(), dpi=SQUARE_DPI)
    )
    if reading is None:
        return Page(number=number, codes=codes, problem="no handler could read the page")
    return Page(
        number=number,
        lines=reading.lines,
        header=reading.header,
        codes=codes,
        is_turned=reading.is_turned,
        bad_rows=scan.bad_rows,
        unread=reading.unread,
        by_eye=reading.by_eye or scan.bad_rows >= _MANY_BAD_ROWS,
    )


if __name__ == "__main__":
    main()
