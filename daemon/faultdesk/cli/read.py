"""read: a dry run; what would this file become?"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from faultdesk.adapters.clock import SystemClock
from faultdesk.adapters.folder_mail import as_mail, media_type_of
from faultdesk.adapters.pages.readers import PageReaders
from faultdesk.cli.context import DEFAULT_CONFIG
from faultdesk.cli.show import console
from faultdesk.config import load_config
from faultdesk.config.settings import ReadingSettings
from faultdesk.domain.fax import Reception
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import InboundMessage
from faultdesk.errors import PermanentError
from faultdesk.handlers.host import Host, installed_handlers
from faultdesk.pipeline.faxes import DOCUMENTS, as_fax, documents_of, recognised
from faultdesk.pipeline.inbox import Received
from faultdesk.pipeline.preview import preview
from faultdesk.reading import RawItem, Readers, ReadingFailure
from faultdesk.service.fax_wiring import open_page_readers
from faultdesk.service.wiring import load_handlers, open_identity, open_readers

_UNCONFIGURED = ("classify", "sla", "acknowledge")


def read(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Mails (.eml) and pages (.tif, .pdf, .jpg, .png).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print an object a line, one for each file.")
    ] = False,
) -> None:
    """Tell what files would become, without a database: class, facts, acknowledged or not, and why."""
    host, desk, readers, page_readers = _parts(context.obj)
    now = SystemClock().now()
    failed = False
    try:
        for file, message in _messages(files, host, desk, readers, page_readers):
            if isinstance(message, ReadingFailure):
                sys.stderr.write(f"faultdesk: {file}: {message.reason}\n")
                failed = True
                continue
            _show(file, preview(message, host, desk, now), as_json=as_json)
    finally:
        readers.close()
        page_readers.close()
    if failed:
        raise PermanentError("not every file could be read")


def _parts(path: Path) -> tuple[Host, Identity, Readers, PageReaders]:
    """Take the configured handlers; without a configuration, the bundled ones as they come."""
    if path != DEFAULT_CONFIG or path.exists():
        config = load_config(path)
        desk = open_identity(config)
        host = Host(load_handlers(config))
        return host, desk, open_readers(config.reading), open_page_readers(config, host)
    installed = installed_handlers()
    bundled = {name: installed[name].load()() for name in _UNCONFIGURED}
    desk = Identity(name="faultdesk", address="service@faultdesk.example")
    page_readers = PageReaders({"ocr": {}} if find_spec("rapidocr") else {})
    return Host(bundled), desk, open_readers(ReadingSettings()), page_readers


def _messages(
    files: list[Path], host: Host, desk: Identity, readers: Readers, page_readers: PageReaders
) -> Iterator[tuple[Path, InboundMessage | ReadingFailure]]:
    for number, file in enumerate(files, 1):
        try:
            content = file.read_bytes()
        except OSError as error:
            yield file, ReadingFailure(error.strerror or "cannot be read", "")
            continue
        is_file = media_type_of(file.name) is not None
        raw = as_mail("", "", file.name, file.name, datetime.now(UTC), content) if is_file else content
        (message,) = readers.read([RawItem(id=number, content=raw, size=len(raw), truncated=False)])
        if not isinstance(message, ReadingFailure):
            message = _with_pages(message, raw, host, desk, page_readers, is_file=is_file)
        yield file, message


def _with_pages(
    message: InboundMessage,
    raw: bytes,
    host: Host,
    desk: Identity,
    page_readers: PageReaders,
    *,
    is_file: bool,
) -> InboundMessage:
    """Read the pages that a message brings, as the daemon does before it decides."""
    received = Received(0, "", raw, datetime.now(UTC), len(raw), truncated=False)
    names = tuple(file.name for file in message.attachments if file.media_type in DOCUMENTS)
    reception, zone = Reception(gateway="file", documents=names), ZoneInfo(desk.time_zone)
    first = (
        as_fax(message, reception, received, zone) if is_file else recognised(host, received, message, desk)
    )
    if not (documents := documents_of(first)):
        return first
    received = msgspec.structs.replace(received, pages=page_readers.read(raw, documents))
    return (
        as_fax(message, reception, received, zone) if is_file else recognised(host, received, message, desk)
    )


def _show(file: Path, told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode({"file": str(file), **told}).decode() + "\n")
        return
    out = console()
    out.print(str(file), style="bold")
    for key, value in told.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        out.print(f"  {key:<15}{text.strip()}")
