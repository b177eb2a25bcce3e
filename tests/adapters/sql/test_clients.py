import msgspec

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.client import Client, Contract, KeyKind, Project

A = Client(
    name="A",
    domains=("a.example",),
    numbers=("+862087561234",),
    projects=(Project(name="东 门", sites=("东区",), contracts=(Contract(number="HT-2024-0317"),)),),
)


def test_a_client_is_found_by_all_that_it_is_known_by(store: SqlStore) -> None:
    with store.write() as tx:
        assert tx.clients.put([A]) == (1, 0, 0)

    with store.read() as tx:
        for kind, key in (
            (KeyKind.DOMAIN, "a.example"),
            (KeyKind.NUMBER, "+862087561234"),
            (KeyKind.NAME, "a"),
            (KeyKind.NAME, "东门"),
            (KeyKind.NAME, "东区"),
            (KeyKind.CONTRACT, "ht20240317"),
        ):
            assert tx.clients.known_by(kind, key) == [A], key
        assert tx.clients.known_by(KeyKind.ADDRESS, "a.example") == []


def test_what_is_imported_again_is_never_there_twice(store: SqlStore) -> None:
    moved = msgspec.structs.replace(A, domains=("b.example",))
    with store.write() as tx:
        tx.clients.put([A])
        assert tx.clients.put([A]) == (0, 0, 1)
        assert tx.clients.put([moved]) == (0, 1, 0)

    with store.read() as tx:
        assert list(tx.clients.all()) == [moved]
        assert tx.clients.known_by(KeyKind.DOMAIN, "a.example") == []
        assert tx.clients.known_by(KeyKind.DOMAIN, "b.example") == [moved]


def test_two_clients_may_share_what_they_are_known_by(store: SqlStore) -> None:
    other = Client(name="B", domains=("a.example",))
    with store.write() as tx:
        tx.clients.put([other, A])

    with store.read() as tx:
        assert tx.clients.known_by(KeyKind.DOMAIN, "a.example") == [A, other]
