from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.reference import Seal, find_references, format_reference

SEAL = Seal(b"key")


def test_a_reference_has_its_year_and_six_digits() -> None:
    assert format_reference(2026, 123) == "FD-2026-000123"


def test_references_are_found_in_order_each_once() -> None:
    found = find_references("Re: [FD-2026-000009] x", "about fd-2026-000123 and FD-2026-000009")

    assert found == ("FD-2026-000009", "FD-2026-000123")


def test_a_reference_beside_chinese_letters_is_found() -> None:
    assert find_references("关于FD-2026-000455的处理意见") == ("FD-2026-000455",)


def test_what_only_looks_like_a_reference_is_none() -> None:
    assert find_references("AFD-2026-000123 FD-2026-12 FD-3026-000001") == ()


@given(st.integers(min_value=1, max_value=10**12), st.text(max_size=40))
def test_a_signed_message_id_tells_its_ticket(ticket_id: int, name: str) -> None:
    signed = SEAL.message_id(ticket_id, name, "desk.example")

    assert SEAL.ticket_of_message_ids(["<other@x>", signed]) == ticket_id


def test_the_same_name_always_gives_the_same_message_id() -> None:
    assert SEAL.message_id(7, "acknowledge/1", "d") == SEAL.message_id(7, "acknowledge/1", "d")
    assert SEAL.message_id(7, "acknowledge/1", "d") != SEAL.message_id(7, "acknowledge/2", "d")


def test_a_token_signed_with_another_key_proves_nothing() -> None:
    forged = Seal(b"guess").message_id(7, "acknowledge/1", "desk.example")

    assert SEAL.ticket_of_message_ids([forged]) is None


def test_a_token_moved_to_another_ticket_proves_nothing() -> None:
    signed = SEAL.message_id(7, "acknowledge/1", "desk.example")

    assert SEAL.ticket_of_message_ids([signed.replace("fd.7.", "fd.8.")]) is None


def test_a_reply_address_tells_its_ticket() -> None:
    address = SEAL.reply_address(12, "service@desk.example")

    assert address.startswith("service+12.")
    assert SEAL.ticket_of_addresses(["x@y.example", address], "li@owner.example") == 12


def test_a_forged_reply_address_proves_nothing() -> None:
    assert SEAL.ticket_of_addresses(["service+12.00000000000000000000@desk.example"], "") is None


def test_an_engineers_own_reply_address_is_nobody_elses() -> None:
    address = SEAL.reply_address(12, "service@desk.example", "wang@desk.example")

    assert SEAL.ticket_of_addresses([address], "wang@desk.example") == 12
    assert SEAL.is_for("wang@desk.example", 12, [address])
    assert not SEAL.is_for("wang@desk.example", 13, [address])
    assert SEAL.ticket_of_addresses([address], "li@owner.example") is None
    assert not SEAL.is_for("li@owner.example", 12, [address])
    assert not SEAL.is_for("wang@desk.example", 12, [SEAL.reply_address(12, "service@desk.example")])
