import pytest

from faultdesk.domain.likeness import imitated_domain, shown_address
from faultdesk.domain.message import Address

KNOWN = frozenset({"client.example", "yuanheng-elv.example"})


@pytest.mark.parametrize(
    ("domain", "imitated"),
    [
        ("сlient.example", "client.example"),  # a Cyrillic es
        ("xn--lient-0ye.example", "client.example"),
        ("c1ient.example", "client.example"),
        ("cIient.example".lower(), "client.example"),
        ("dient.example", "client.example"),
        ("yuanheng-e1v.example", "yuanheng-elv.example"),
        ("yuanhengelv.example", "yuanheng-elv.example"),
        ("clíent.example", "client.example"),
        ("cli\u200bent.example", "client.example"),
        ("ｃｌient.example", "client.example"),
        ("client.example", None),
        ("mail.client.example", None),
        ("clients.example", None),
        ("client.test", None),
        ("客户.example", None),
        ("", None),
        ("xn--a-.example", None),
    ],
)
def test_a_domain_that_looks_like_a_known_one_is_found(domain: str, imitated: str | None) -> None:
    assert imitated_domain(domain, KNOWN) == imitated


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("boss@client.example", "boss@client.example"),
        ("Boss <boss@client.example>", "boss@client.example"),
        ("Boss (boss@client.example.)", "boss@client.example"),
        ("boss＠client.example", "boss@client.example"),
        ("boss@client\u200b.example", "boss@client.example"),
        ("A@X.example", None),
        ("张三(工程部)", None),
        ("李工 Li Ming @ 翠苑", None),
        ("АЛЕКСЕЙ 李", None),
        ("张三@工程部", None),
        ("", None),
    ],
)
def test_an_address_in_a_name_is_found_if_it_is_anothers(name: str, shown: str | None) -> None:
    assert shown_address(Address("a@x.example", name)) == shown
