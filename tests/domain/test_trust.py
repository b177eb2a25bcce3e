import pytest

from faultdesk.domain.message import Address
from faultdesk.domain.trust import Standing, verdict
from faultdesk.handlers.testing import a_message
from faultdesk.reading import read_message

OURS = frozenset({"mx.desk.example"})


def standing(*results: str, sender: str = "chen@client.example") -> Standing:
    fields = "".join(f"Authentication-Results: {result}\r\n" for result in results)
    raw = f"{fields}From: {sender}\r\nSubject: s\r\n\r\ntext\r\n".encode()
    return verdict(read_message(raw), OURS).standing


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("mx.desk.example; dmarc=pass header.from=client.example", Standing.PROVED),
        ("mx.desk.example; dmarc=fail (p=reject dis=none) header.from=client.example", Standing.REFUTED),
        ("mx.desk.example; dkim=pass (2048-bit key) header.d=client.example header.s=s1", Standing.PROVED),
        ("mx.desk.example; dkim=pass header.i=@mail.client.example", Standing.PROVED),
        ("mx.desk.example; spf=pass smtp.mailfrom=bounce@client.example", Standing.PROVED),
        ("mx.desk.example; auth=pass smtp.auth=chen@client.example", Standing.PROVED),
        ("mx.desk.example; spf=fail smtp.mailfrom=client.example", Standing.REFUTED),
        ("mx.desk.example; spf=softfail smtp.mailfrom=client.example", Standing.UNPROVED),
        ("mx.desk.example; none", Standing.UNPROVED),
        ("mx.desk.example 1; spf=pass smtp.mailfrom=client.example", Standing.PROVED),
    ],
)
def test_our_own_server_is_believed(result: str, expected: Standing) -> None:
    assert standing(result) is expected


def test_another_servers_word_counts_for_nothing() -> None:
    assert standing("mx.evil.example; dmarc=pass header.from=client.example") is Standing.UNPROVED
    assert standing("mx.desk.example.evil.example; dmarc=pass") is Standing.UNPROVED


def test_a_signature_of_another_domain_says_nothing_of_this_one() -> None:
    assert standing("mx.desk.example; dkim=pass header.d=bulk.example") is Standing.UNPROVED
    assert standing("mx.desk.example; dkim=pass header.d=notclient.example") is Standing.UNPROVED


@pytest.mark.parametrize(
    "result",
    [
        "mx.desk.example; dmarc=pass header.from=evil.example",
        "mx.desk.example; dmarc=pass",
        "mx.desk.example; dmarc=pass (p=none) header.from=evil.example; spf=pass smtp.mailfrom=evil.example",
    ],
)
def test_a_pass_that_is_not_about_the_domain_in_from_proves_nothing(result: str) -> None:
    assert standing(result) is Standing.UNPROVED


@pytest.mark.parametrize(
    "before",
    [
        "spf=fail (domain of a(b@evil.example does not designate) smtp.mailfrom=evil.example",
        "spf=fail smtp.mailfrom=张三@evil.example",
        "spf=none smtp.helo=[1.2.3.4]",
        "; ".join(["dkim=none header.d=a.example header.s=" + "s" * 60] * 70),
        "; ".join(["dkim=none header.d=a.example"] * 300),
    ],
)
def test_what_a_sender_has_put_into_the_field_does_not_hide_the_verdict(before: str) -> None:
    assert standing(f"mx.desk.example; {before}; dmarc=fail header.from=client.example") is Standing.REFUTED


def test_a_sender_with_two_addresses_is_doubted() -> None:
    message = read_message(b'From: "x" <a@evil.example> <wang@engineers.example>\r\n\r\ntext')

    assert message.sender_doubt == "the header gives a sender two addresses"


def test_a_top_level_domain_answers_for_nobody() -> None:
    assert standing("mx.desk.example; dkim=pass header.d=example") is Standing.UNPROVED


def test_the_topmost_finding_counts_for_the_ones_below_came_with_the_message() -> None:
    found = standing(
        "mx.desk.example; dmarc=fail header.from=client.example",
        "mx.desk.example; dmarc=pass header.from=client.example",
    )

    assert found is Standing.REFUTED


def test_a_valid_signature_makes_good_for_an_spf_that_forwarding_broke() -> None:
    both = "mx.desk.example; spf=fail smtp.mailfrom=client.example; dkim=pass header.d=client.example"

    assert standing(both) is Standing.PROVED


@pytest.mark.parametrize(
    "nonsense",
    ["", ";", "mx.desk.example", "mx.desk.example; dmarc", "mx.desk.example; =pass", "((((", "a" * 9000],
)
def test_a_malformed_field_proves_nothing(nonsense: str) -> None:
    assert standing(nonsense) is Standing.UNPROVED


def test_a_message_without_sender_is_proved_by_nothing() -> None:
    message = a_message(sender=Address(""))

    assert verdict(message, OURS).standing is Standing.UNPROVED
