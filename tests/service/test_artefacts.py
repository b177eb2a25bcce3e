"""What handlers are given of what is kept: by whomever, on whichever daemon."""

from collections.abc import Iterator

import pytest

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.artefact import Artefact
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.host import Host
from faultdesk.service import artefacts
from faultdesk.service.artefacts import InForce
from pipeline.desk import NOON


class Keeper(Handler, frozen=True, dict=True):
    @hookimpl
    def artefact_kept(self, name: str, artefact: Artefact | None) -> None:
        self.told.append((name, artefact.content if artefact else None))

    @property
    def told(self) -> list[tuple[str, bytes | None]]:
        told: list[tuple[str, bytes | None]] = self.__dict__.setdefault("said", [])
        return told


@pytest.fixture
def other_daemon(database_url: str, database: Database) -> Iterator[SqlStore]:
    opened = Database(database_url)
    yield SqlStore(opened)
    opened.close()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "_LOOK_SECONDS", 0.0)


def keep(store: SqlStore, content: bytes) -> None:
    with store.write() as tx:
        tx.artefacts.keep("keeper.model", content, {}, NOON)


def test_what_one_daemon_keeps_the_handlers_of_another_are_given_once(
    store: SqlStore, other_daemon: SqlStore
) -> None:
    keeper = Keeper()
    in_force = InForce(other_daemon, Host({"keeper": keeper}))

    in_force.look()
    keep(store, b"one")
    in_force.look()
    in_force.look()
    keep(store, b"two")
    in_force.look()
    with store.write() as tx:
        tx.artefacts.withdraw("keeper.model", NOON, everything=True)
    in_force.look()

    assert keeper.told == [("keeper.model", b"one"), ("keeper.model", b"two"), ("keeper.model", None)]


def test_handlers_that_were_loaded_anew_are_given_it_again(sqlite_store: SqlStore) -> None:
    host, anew = Host({"keeper": Keeper()}), Keeper()
    in_force = InForce(sqlite_store, host)
    keep(sqlite_store, b"one")
    in_force.look()

    host.reload({"keeper": anew})
    in_force.look()

    assert anew.told == [("keeper.model", b"one")]
