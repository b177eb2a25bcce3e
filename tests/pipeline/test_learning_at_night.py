"""A night over corrected tickets, with the ledger's own jobs, on both databases."""

from datetime import timedelta

from faultdesk.adapters.sql.person import erase
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.correction import RECLASSIFIED
from faultdesk.domain.ticket import Event
from faultdesk.service.artefacts import InForce
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.learning import MODEL
from pipeline.desk import PlayedDesk
from plugins.patrols import SYSTEM, UNSEEN, patrols


def versions(store: SqlStore) -> list[tuple[int, bool, int]]:
    with store.read() as tx:
        return [
            (one.version, one.in_force, one.figures["corrections"]) for one in tx.artefacts.versions(MODEL)
        ]


def test_a_night_learns_what_the_day_corrected_and_the_next_forgets_who_was_erased(store: SqlStore) -> None:
    handler = ClassifyHandler()
    desk = PlayedDesk(store, {"classify": handler})
    for message in patrols():
        ticket_id = desk.decide(message)
        assert ticket_id is not None
        corrected = Event(RECLASSIFIED, {"labels": {"kind": "fault", "system": SYSTEM}}, actor="operator")
        with store.write() as tx:
            desk.changes.change(tx, ticket_id, corrected)
    desk.perform()
    assert versions(store) == []

    desk.clock.advance(timedelta(days=1))
    desk.perform()
    InForce(store, desk.host).look()
    about = handler.classify_message(UNSEEN)
    erase(store.database, "client@owner7.example", desk.clock.now(), dry_run=False)
    desk.clock.advance(timedelta(days=1))
    desk.perform()
    desk.clock.advance(timedelta(days=1))
    desk.perform()

    assert about
    assert about.system == SYSTEM
    assert versions(store) == [(1, False, 36), (2, True, 35)]
