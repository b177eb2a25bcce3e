"""Which corrections are learned from."""

from datetime import timedelta
from typing import Any

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import Correction, Said
from faultdesk.domain.message import Address
from faultdesk.domain.ticket import Role
from faultdesk.handlers.testing import NOON, a_message
from faultdesk_classify.learning.lessons import choose
from plugins.patrols import correction

HOUR = timedelta(hours=1)


def a_correction(number: int = 1, sender: str = "", **fields: Any) -> Correction:  # noqa: ANN401 - of its words
    message = a_message(sender=Address(sender or f"client@owner{number}.example"))
    return correction(number, message, **({"labels": {"system": "cctv"}} | fields))


def version(number: int, until: timedelta, *, withdrawn: bool = False, kept: bool = True) -> Artefact:
    return Artefact(
        name="classify.linear",
        version=number,
        made_at=NOON,
        figures={"kept": kept, "until": (NOON + until).isoformat()},
        withdrawn_at=NOON if withdrawn else None,
    )


def test_what_only_a_client_said_is_no_lesson_until_the_desk_says_so_too() -> None:
    said = Said(labels={"system": "parking"}, by="c@owner.example", role=Role.CLIENT, at=NOON)
    alone = a_correction(1, by="c@owner.example", role=Role.CLIENT)
    confirmed = Correction(
        reference="FD-2026-000002",
        message=a_message(),
        answers={},
        said=(
            said,
            Said(labels={"system": "cctv"}, by="duty@desk.example", role=Role.ENGINEER, at=NOON + HOUR),
        ),
    )

    chosen = choose([alone, confirmed], [])

    assert [(one.reference, one.labels) for one in chosen.lessons] == [("FD-2026-000002", {"system": "cctv"})]
    assert (chosen.unconfirmed, chosen.until) == (["FD-2026-000001"], NOON + HOUR)


def test_what_was_said_last_counts_of_each_field() -> None:
    first = a_correction(1, labels={"kind": "fault"})
    later = Said(labels={"system": "parking"}, by="operator", role=None, at=NOON + HOUR)

    chosen = choose(
        [Correction(reference="A", message=first.message, answers={}, said=(*first.said, later))], []
    )

    assert chosen.lessons[0].labels == {"kind": "fault", "system": "parking"}


def test_of_one_clients_messages_the_latest_twenty_are_learned_from() -> None:
    chosen = choose([a_correction(number, "one@owner.example") for number in range(50)], [])

    assert [one.reference for one in chosen.lessons] == [f"FD-2026-{number:06d}" for number in range(30, 50)]
    assert len(chosen.capped) == 30


def test_one_address_corrects_so_many_and_an_operator_all() -> None:
    by_mail = [a_correction(number, by="duty@desk.example", role=Role.ENGINEER) for number in range(250)]

    assert len(choose(by_mail, []).lessons) == 200
    assert len(choose([a_correction(number) for number in range(250)], []).lessons) == 250


def test_no_address_is_learned_from() -> None:
    (lesson,) = choose([a_correction(sender="li@owner.example")], []).lessons

    assert "owner.example" not in str(lesson)


def test_what_a_withdrawn_model_had_learned_first_is_set_aside_until_it_is_said_again() -> None:
    early, late = a_correction(1, after=HOUR), a_correction(2, after=3 * HOUR)
    again, new = a_correction(3, after=9 * HOUR), a_correction(4, after=8 * HOUR)
    versions = [version(1, 2 * HOUR), version(2, 4 * HOUR, withdrawn=True), version(3, 5 * HOUR, kept=False)]

    chosen = choose([early, late, again, new], versions)

    assert [one.reference[-1] for one in chosen.lessons] == ["1", "3", "4"]
    assert chosen.set_aside == ["FD-2026-000002"]


def test_when_everything_was_withdrawn_all_is_set_aside() -> None:
    versions = [version(1, 2 * HOUR, withdrawn=True), version(2, 4 * HOUR, withdrawn=True)]

    chosen = choose([a_correction(1, after=HOUR), a_correction(2, after=3 * HOUR)], versions)

    assert (list(chosen.lessons), len(chosen.set_aside)) == ([], 2)
