"""Finds out from what came before that a machine seems to write, with which the desk would never end."""

from datetime import datetime, timedelta

import msgspec

from faultdesk.domain.correction import correction_in
from faultdesk.domain.identity import Identity
from faultdesk.domain.loops import is_echo, is_numbered, is_short
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.reference import Seal, find_references
from faultdesk.domain.ticket import Classification, Kind
from faultdesk.pipeline.store import Transaction

_LOOP = timedelta(days=1)


def heard(
    tx: Transaction, message: InboundMessage, at: datetime, seal: Seal, desk: Identity
) -> InboundMessage:
    """Note on a message if the same was heard before, as machines write."""
    # A fax that comes twice was asked for, or sent by a cautious hand: no robot answers by fax.
    # Who says what a ticket is says the same of many.
    is_correction = is_short(message) and correction_in(message.text) is not None
    if message.fax or is_correction:
        return message
    earlier = tx.tickets.alike(message, at - _LOOP)
    references = find_references(message.subject, message.text, message.quoted)
    answers_us = bool(references) or seal.ticket_of_message_ids(message.references) is not None
    if not is_echo(message, earlier, answers_us=answers_us, shared=desk.free_mail_domains):
        return message
    return _doubted(message)


def numbered(
    tx: Transaction, message: InboundMessage, about: Classification, at: datetime, desk: Identity
) -> InboundMessage:
    """Note on a message that names no fault if its house says the same again and again, with other numbers."""
    names_fault = about.kind is not Kind.OTHER and about.evidence
    if message.fax or message.robot or names_fault:
        return message
    earlier = tx.tickets.alike(message, at - _LOOP)
    return _doubted(message) if is_numbered(message, earlier, desk.free_mail_domains) else message


def _doubted(message: InboundMessage) -> InboundMessage:
    return msgspec.structs.replace(message, robot="a machine seems to write: the same text came within a day")
