from datetime import UTC, datetime, timedelta

import pytest

from faultdesk.domain.matching import Proof, match, noticed_at
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Participant, Role
from faultdesk.domain.trust import Standing
from faultdesk.handlers.testing import a_message, a_ticket

UNPROVED = Standing.UNPROVED
FREE = frozenset({"qq.com"})
ARRIVED = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


def joins(sender: str, proof: Proof) -> bool:
    return match(a_ticket(), proof, a_message(sender=Address(sender)), FREE, UNPROVED).joins


def test_a_reference_counts_from_a_participant() -> None:
    assert joins("client@owner.example", Proof.REFERENCE)


def test_a_reference_counts_from_a_colleague_of_the_same_domain() -> None:
    assert joins("nightshift@owner.example", Proof.REFERENCE)


@pytest.mark.parametrize("proof", [Proof.REFERENCE, Proof.MESSAGE_ID])
def test_a_stranger_joins_nothing_by_what_is_no_secret(proof: Proof) -> None:
    assert not joins("someone@free.example", proof)


def test_a_signed_message_id_is_proof_enough_for_anybody() -> None:
    assert joins("forwarded-to@elsewhere.example", Proof.SIGNED_MESSAGE_ID)


def test_a_free_mail_provider_is_no_organisation() -> None:
    ticket = a_ticket(participants=(Participant(Address("li@qq.com"), Role.CLIENT),))

    found = match(ticket, Proof.REFERENCE, a_message(sender=Address("other@qq.com")), FREE, UNPROVED)

    assert not found.joins


def test_a_message_without_sender_joins_nothing() -> None:
    assert not joins("", Proof.REFERENCE)


def test_a_notice_counts_from_the_earlier_of_both_server_times() -> None:
    assert noticed_at(ARRIVED, ARRIVED - timedelta(minutes=7)) == ARRIVED - timedelta(minutes=7)
    assert noticed_at(ARRIVED, ARRIVED + timedelta(minutes=7)) == ARRIVED


def test_a_received_header_from_1900_does_not_count() -> None:
    assert noticed_at(ARRIVED, datetime(1900, 1, 1, tzinfo=UTC)) == ARRIVED


@pytest.mark.parametrize("proof", [proof for proof in Proof if proof is not Proof.OPERATOR])
def test_a_refuted_sender_joins_nothing_whatever_he_knows(proof: Proof) -> None:
    message = a_message(sender=Address("client@owner.example"))

    assert not match(a_ticket(), proof, message, FREE, Standing.REFUTED).joins
