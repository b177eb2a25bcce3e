"""Learning from corrections: what is kept, what is not and why, and the way back."""

import random
import zlib
from datetime import timedelta

import msgspec
import pytest

from faultdesk.domain.artefact import Artefact
from faultdesk.domain.correction import RECLASSIFIED, Correction, Said
from faultdesk.domain.decision import Job
from faultdesk.domain.ticket import Event, Kind, Role, Severity
from faultdesk.handlers.testing import NOON, FakeDesk
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.learning import MODEL, SCHEDULE, TRAIN, exchange
from faultdesk_classify.learning.compare import Held, Score, losses
from faultdesk_classify.learning.report import report
from faultdesk_classify.learning.school import learned_of
from plugins.patrols import SYSTEM, UNSEEN, corrections

TOPICS = ("kind", "fault_class", "system", "severity")


def night(*said: Correction, desk: FakeDesk | None = None) -> FakeDesk:
    """Let a night pass over these corrections."""
    desk = desk or FakeDesk()
    desk.corrected = list(said)
    ClassifyHandler().train(Job(TRAIN), desk)
    return desk


def in_force(desk: FakeDesk) -> Artefact | None:
    return desk.kept(MODEL)


@pytest.fixture(scope="module")
def taught() -> FakeDesk:
    """A desk whose model has learned."""
    return night(*corrections())


def reader(artefact: Artefact | None) -> ClassifyHandler:
    handler = ClassifyHandler()
    handler.artefact_kept(MODEL, artefact)
    return handler


def system_of(handler: ClassifyHandler) -> str:
    about = handler.classify_message(UNSEEN)
    assert about
    return about.system


def test_what_the_model_got_wrong_it_reads_right_in_a_message_it_never_saw(taught: FakeDesk) -> None:
    artefact = in_force(taught)

    assert artefact
    assert system_of(ClassifyHandler()) != SYSTEM
    assert system_of(reader(artefact)) == SYSTEM
    right = artefact.figures["corrections_right"]["system"]
    assert right["new"] > right["in_force"]
    assert taught.jobs == [Job(TRAIN, name=TRAIN, run_at=NOON.replace(hour=18, minute=30))]


def test_the_same_corrections_give_the_same_octets(taught: FakeDesk) -> None:
    again = night(*reversed(corrections()))

    one, other = in_force(taught), in_force(again)
    assert one
    assert other
    assert one.content == other.content


def test_no_words_of_a_message_stand_in_what_is_kept_but_runs_of_three(taught: FakeDesk) -> None:
    learned = learned_of(in_force(taught))

    assert learned
    models = msgspec.msgpack.decode(zlib.decompress(learned.model), type=dict[str, bytes])
    assert "巡_更_棒".encode() in models["system"]
    assert "巡更棒充不进电".encode() not in models["system"]
    assert b"owner" not in learned.model


def test_what_was_tried_before_is_not_tried_again(taught: FakeDesk) -> None:
    desk = FakeDesk()
    desk.artefacts = list(taught.artefacts)

    night(*corrections(), desk=desk)

    assert len(desk.artefacts) == 1


def test_what_was_erased_is_forgotten_in_the_next_night(taught: FakeDesk) -> None:
    desk = FakeDesk()
    desk.artefacts = list(taught.artefacts)

    night(*corrections()[6:], desk=desk)

    artefact = in_force(desk)
    assert artefact
    assert (artefact.version, artefact.figures["corrections"]) == (2, 30)
    assert system_of(reader(artefact)) == SYSTEM


def nonsense() -> list[Correction]:
    """Correct without sense: whatever comes to mind."""
    dice = random.Random(1)  # noqa: S311 - dice
    return [
        msgspec.structs.replace(
            one,
            said=(
                Said(
                    labels={
                        "kind": dice.choice(list(Kind)[1:6]),
                        "system": dice.choice(["cctv", "parking", "intercom", "cabling"]),
                        "severity": dice.choice(list(Severity)),
                    },
                    by="operator",
                    role=None,
                    at=one.said[0].at,
                ),
            ),
        )
        for one in corrections()
    ]


def test_nonsense_is_not_kept_and_the_report_says_why() -> None:
    desk = night(*nonsense())

    assert in_force(desk) is None
    (row,) = [
        row for row in report(desk.corrected, desk.versions(MODEL), learns=True) if row["what"] == "not kept"
    ]
    assert "they contradict each other" in row["detail"]


def test_a_few_corrections_are_too_few() -> None:
    desk = night(*corrections()[:9])

    assert desk.artefacts == []
    rows = report(desk.corrected, (), learns=True)
    assert ("learned from", 9, "10 are needed") in [
        (row["name"], row["count"], row["detail"]) for row in rows
    ]


def test_what_was_taken_back_does_not_return_by_the_same_corrections(taught: FakeDesk) -> None:
    desk = FakeDesk()
    desk.artefacts = list(taught.artefacts)
    desk.withdraw(MODEL)

    night(*corrections(), desk=desk)
    rows = report(desk.corrected, desk.versions(MODEL), learns=True)

    assert in_force(desk) is None
    assert ("set aside", 36) in [(row["name"], row["count"]) for row in rows]


def test_a_handler_goes_back_when_nothing_is_in_force_any_more(taught: FakeDesk) -> None:
    handler = reader(in_force(taught))

    handler.artefact_kept(MODEL, None)

    assert system_of(handler) != SYSTEM


def test_what_was_learned_beside_other_bundled_models_is_not_read_by(taught: FakeDesk) -> None:
    artefact = in_force(taught)
    assert artefact
    other = msgspec.structs.replace(artefact, figures={**artefact.figures, "bundled": "another version's"})

    assert system_of(reader(other)) != SYSTEM


def test_what_others_keep_is_none_of_our_business(taught: FakeDesk) -> None:
    handler = reader(in_force(taught))

    handler.artefact_kept("reader.index", None)

    assert system_of(handler) == SYSTEM


def test_training_that_fails_is_noted_and_tried_in_the_next_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_ENVIRONMENT", ("PATH", "PYTHONHOME"))
    monkeypatch.setenv("PYTHONHOME", "/nowhere")

    desk = night(*corrections())

    assert "the training failed" in desk.artefacts[0].figures["reasons"][0]
    assert [job.name for job in desk.jobs] == [TRAIN]


def test_a_correction_of_the_desk_has_the_training_put_for_the_night() -> None:
    handler, desk = ClassifyHandler(learn_at="03:00"), FakeDesk()

    (job,) = handler.ticket_changed(Event(RECLASSIFIED, {"labels": {"system": "cctv"}}))
    handler.schedule(job, desk)

    assert job == Job(SCHEDULE, name=SCHEDULE)
    assert desk.jobs == [Job(TRAIN, name=TRAIN, run_at=NOON + timedelta(hours=15))]
    assert handler.ticket_changed(Event(RECLASSIFIED, {"role": Role.CLIENT})) == []
    assert handler.ticket_changed(Event("resolved")) == []


def test_who_shall_not_learn_does_not(taught: FakeDesk) -> None:
    handler, desk = ClassifyHandler(learn=False), FakeDesk()
    desk.corrected = corrections()

    handler.train(Job(TRAIN), desk)
    handler.artefact_kept(MODEL, in_force(taught))

    assert (desk.artefacts, desk.jobs) == ([], [])
    assert handler.ticket_changed(Event(RECLASSIFIED, {"labels": {}})) == []
    assert system_of(handler) != SYSTEM


def held(texts: int = 90, corrections: int = 5, **others: int) -> Held:
    return Held(
        {topic: Score(others.get(f"{topic}_texts", texts), 100) for topic in TOPICS},
        {topic: Score(others.get(topic, corrections), 10) for topic in TOPICS},
    )


def test_what_wins_and_loses_nothing_has_no_reason_against_it() -> None:
    assert losses(held(system=6), held(), held()) == []
    assert losses(held(system=6, kind_texts=89), held(), held()) == []


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (held(system=6, kind_texts=88), "kind: 88 of 100 texts are read right, 90 without"),
        (held(system=9, kind=4), "kind: 4 of 10 corrections are read right, 5 now"),
        (
            held(corrections=4),
            "of 40 labels of corrections 16 are read right by what learned from the others: they contradict each other, or are too few",
        ),
        (held(), "of 40 labels of corrections 20 are read right, 20 now: nothing is won"),
    ],
)
def test_what_loses_or_wins_nothing_is_not_kept(new: Held, reason: str) -> None:
    assert reason in losses(new, held(), held())


def test_where_all_was_right_already_nothing_need_be_won() -> None:
    assert losses(held(corrections=10), held(corrections=10), held(corrections=10)) == []


def test_the_report_names_the_model_and_what_was_taken_for_what(taught: FakeDesk) -> None:
    rows = report(taught.corrected, taught.versions(MODEL), learns=True)

    told = {(row["what"], row["name"]): row for row in rows}
    assert told["model", "version 1"]["count"] == 36
    assert "system: texts" in told["model", "version 1"]["detail"]
    assert told["corrections", "learned from"]["count"] == 36
    assert (told["confusion", "system"]["detail"], told["confusion", "system"]["count"]) == (
        f"none → {SYSTEM}",
        36,
    )
