"""Puts together what faxes need: the reader of pages, the press and the way out."""

from datetime import time

from faultdesk.adapters.clock import SystemClock
from faultdesk.adapters.credentials import read_secret
from faultdesk.adapters.fax.by_mail import MailFaxSender
from faultdesk.adapters.fax.hylafax import HylafaxSender
from faultdesk.adapters.fax.press import TypstPress
from faultdesk.adapters.pages.readers import PageLimits, PageReaders
from faultdesk.config import Config
from faultdesk.config.settings import FaxSettings, HylafaxSettings, MailFaxSettings
from faultdesk.handlers.host import Host
from faultdesk.pipeline.fax_rules import FaxRules
from faultdesk.pipeline.ports import FaxSender, Mailer


def open_page_readers(config: Config, host: Host) -> PageReaders:
    """Prepare the child that reads pages; it starts with the first page."""
    handlers = {name: config.handlers[name] for name in host.names if "read_page" in host.hooks_of(name)}
    limits = PageLimits(
        pages=config.fax.pages,
        seconds=config.fax.time.total_seconds(),
        memory_octets=config.fax.memory_octets,
        idle_seconds=config.fax.idle.total_seconds(),
    )
    return PageReaders(handlers, limits)


def open_press(fax: FaxSettings) -> TypstPress:
    """Make the press; nothing is looked for before the first page."""
    return TypstPress(fax.own_fax, fax.own_phone, fax.fonts, fax.font_paths)


def open_fax_sender(config: Config, mailer: Mailer) -> FaxSender | None:
    """Make the configured way out for faxes; its secret is read, nothing is connected."""
    match config.fax.sender:
        case HylafaxSettings() as settings:
            password = read_secret(settings.password, "fax.sender.password") if settings.password else None
            return HylafaxSender(settings, config.desk.address, password)
        case MailFaxSettings() as settings:
            return MailFaxSender(settings, mailer, config.desk.address, SystemClock())
    return None


def fax_rules(fax: FaxSettings) -> FaxRules:
    """Make the rules of when a number may be called."""
    return FaxRules(
        hourly_cap=fax.hourly_cap,
        quiet_from=time.fromisoformat(fax.quiet_from) if fax.quiet_from else None,
        quiet_to=time.fromisoformat(fax.quiet_to),
        private_numbers=fax.private_numbers,
        receipt_within=fax.sender.receipt_within if fax.sender else None,
    )
