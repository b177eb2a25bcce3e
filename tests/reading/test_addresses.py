import pytest

from faultdesk.domain.message import Address
from faultdesk.reading.addresses import mailboxes, parse
from faultdesk.reading.headers import Fields


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Ann@Example.COM", [Address("ann@example.com")]),
        (
            '"Lee, Ann" <ann@x.example>, bob@x.example',
            [Address("ann@x.example", "Lee, Ann"), Address("bob@x.example")],
        ),
        ("ann@x.example (Ann Lee)", [Address("ann@x.example", "Ann Lee")]),
        ("张三(工程部) <z@x.example>", [Address("z@x.example", "张三(工程部)")]),
        ("=?utf-8?B?5byg5LiJLOW3peeoi+mDqA==?= <z@x.example>", [Address("z@x.example", "张三,工程部")]),
        ('"=?utf-8?B?5byg5LiJ?=" <z@x.example>', [Address("z@x.example", "张三")]),
        ("=?utf-8?B?5byg5LiJIDx6QHguZXhhbXBsZT4=?=", [Address("z@x.example", "张三")]),
        ('"boss@bank.example" <thief@x.example>', [Address("thief@x.example", "boss@bank.example")]),
        ("<@relay.example:ann@x.example>", [Address("ann@x.example")]),
        ("Team: ann@x.example, bob@x.example;", [Address("ann@x.example"), Address("bob@x.example")]),
        ("undisclosed-recipients:;", []),
        ("ann@x.example; bob@x.example", [Address("ann@x.example"), Address("bob@x.example")]),
        ("Ann <ann@x.example", [Address("ann@x.example")]),
        ('"Ann <ann@x.example>', [Address("ann@x.example", "Ann")]),
        ("Ann", []),
        ("<>", []),
        ("a@b@c", []),
        (',;<>()"\\', []),
    ],
)
def test_mailboxes_are_read_in_every_common_form(body: str, expected: list[Address]) -> None:
    assert parse(body) == expected


def test_same_mailbox_twice_counts_once() -> None:
    fields = Fields([("To", "ann@x.example"), ("To", "Ann@x.example, bob@x.example")])

    assert mailboxes(fields, "to") == (Address("ann@x.example"), Address("bob@x.example"))


def test_name_cannot_carry_line_ends_or_controls() -> None:
    assert parse('"Ann\x1b[2J\u202e" <ann@x.example>') == [Address("ann@x.example", "Ann[2J")]
