"""What is well today and will not be: told every night, and by `faultdesk check`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from faultdesk.adapters.folder_mail import DOMAIN
from faultdesk.config import Config
from faultdesk.config.settings import FolderSettings
from faultdesk.domain.identity import Identity
from faultdesk.domain.names import is_system
from faultdesk.handlers.host import Failure, Host


def look_ahead(config: Config, host: Host, desk: Identity, now: datetime) -> list[str]:
    """List what will go wrong: holes in a roster, faxes that nobody can read or answer."""
    failures: list[Failure] = []
    told = host.look_ahead(desk, now, failures.append)
    failed = [f"handlers.{one.handler}: look_ahead: {one.error!r}" for one in failures]
    return [*_unproved_forms(config), *_unread_faxes(config), *_unknown_systems(desk), *told, *failed]


def _unproved_forms(config: Config) -> Iterator[str]:
    if config.desk.form_senders and not config.desk.authserv_ids:
        yield "desk.form_senders: without desk.authserv_ids nothing proves a form, and its client gets no answer"


def _unknown_systems(desk: Identity) -> Iterator[str]:
    named = [(f"people.{person.key}.systems", sorted(person.systems)) for person in desk.people.known]
    named += [
        (f"playbook {name}: copy.by_system", sorted(playbook.copy.by_system))
        for name, playbook in desk.playbooks.items()
    ]
    for where, systems in named:
        for system in systems:
            if not is_system(system):
                yield f"{where}: {system} is a system only if the operator's own terms say so"


def _unread_faxes(config: Config) -> Iterator[str]:
    gateways: Mapping[str, Any] = config.handlers.get("fax", {}).get("gateways", {})
    believed = {sender for gateway in gateways.values() for sender in gateway.get("senders", ())}
    for name, mailbox in config.mailboxes.items():
        sender = mailbox.sender or f"{name}@{DOMAIN}" if isinstance(mailbox, FolderSettings) else ""
        if sender and believed.isdisjoint({sender, sender.rpartition("@")[2]}):
            yield f"mailboxes.{name}: no [handlers.fax] gateway has the sender {sender}: its files are no faxes"
    if config.fax.sender is not None and not gateways:
        yield "fax.sender: without [handlers.fax] gateways nobody learns whether a fax arrived"
    if "fax" not in config.handlers:
        return
    if "ocr" not in config.handlers:
        yield "handlers.fax: without [handlers.ocr] no page is read, and every client is asked to send again"
    if config.fax.sender is None:
        yield "handlers.fax: without [fax.sender] no fax is answered by fax"
