"""read: a dry run; what would this file become?"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from faultdesk.adapters.clock import SystemClock
from faultdesk.cli.context import DEFAULT_CONFIG
from faultdesk.cli.show import console
from faultdesk.config import load_config
from faultdesk.config.settings import ReadingSettings
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Attachment, Channel, InboundMessage
from faultdesk.errors import PermanentError
from faultdesk.handlers.host import Host, installed_handlers
from faultdesk.pipeline.preview import preview
from faultdesk.reading import RawItem, Readers, ReadingFailure
from faultdesk.service.wiring import load_handlers, open_readers

_PAGES = {".tif": "image/tiff", ".tiff": "image/tiff", ".pdf": "application/pdf"}
_UNCONFIGURED = ("classify", "sla", "acknowledge")


def read(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Mails (.eml) and fax pages (.tif, .pdf).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print an object a line, one for each file.")
    ] = False,
) -> None:
    """Tell what files would become, without a database: class, facts, acknowledged or not, and why."""
    host, desk, readers = _parts(context.obj)
    now = SystemClock().now()
    failed = False
    try:
        for file, message in _messages(files, readers):
            if isinstance(message, ReadingFailure):
                sys.stderr.write(f"faultdesk: {file}: {message.reason}\n")
                failed = True
                continue
            _show(file, preview(message, host, desk, now), as_json=as_json)
    finally:
        readers.close()
    if failed:
        raise PermanentError("not every file could be read")


def _parts(path: Path) -> tuple[Host, Identity, Readers]:
    """Take the configured handlers; without a configuration, the bundled ones as they come."""
    if path != DEFAULT_CONFIG or path.exists():
        config = load_config(path)
        desk = msgspec.convert(config.desk, Identity, from_attributes=True)
        return Host(load_handlers(config)), desk, open_readers(config.reading)
    installed = installed_handlers()
    bundled = {name: installed[name].load()() for name in _UNCONFIGURED}
    desk = Identity(name="faultdesk", address="service@faultdesk.example")
    return Host(bundled), desk, open_readers(ReadingSettings())


def _messages(files: list[Path], readers: Readers) -> Iterator[tuple[Path, InboundMessage | ReadingFailure]]:
    for number, file in enumerate(files, 1):
        try:
            content = file.read_bytes()
        except OSError as error:
            yield file, ReadingFailure(error.strerror or "cannot be read", "")
            continue
        if media_type := _PAGES.get(file.suffix.lower()):
            yield file, _pages(file, media_type, content)
        else:
            item = RawItem(id=number, content=content, size=len(content), truncated=False)
            yield file, readers.read([item])[0]


def _pages(file: Path, media_type: str, content: bytes) -> InboundMessage:
    return InboundMessage(
        channel=Channel.FAX,
        attachments=(Attachment(file.name, media_type, len(content)),),
        problems=("the text on these pages was not read; look at the pages",),
        size=len(content),
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
