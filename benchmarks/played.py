"""A desk that gets labelled messages in their order: whom it answers, which tickets they join."""

from collections.abc import Mapping, Sequence
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple

from benchmarks.desk import make_desk
from benchmarks.labelled import Labelled
from pipeline.desk import PlayedDesk


class Answers(NamedTuple):
    """What share of the messages was treated as their labels want, and which were not."""

    answered_rightly: float
    quiet_rightly: float
    joined_rightly: float
    refused_rightly: float
    wrong: list[str]
    opened_by: Mapping[str, str]
    """The first message of the ticket that a message went to, where it is not itself the first."""


def answers_to(given: Sequence[Labelled], folder: Path) -> Answers:
    """Let a desk work through them."""
    desk = make_desk(folder)
    went: dict[str, int | None] = {}
    tokens = _tokens(given)
    for one in given:
        went[one.name] = desk.decide(one.message)
        if token := tokens.get(one.name):
            _give_reference(desk, went[one.name], token)
    desk.perform()
    answered = _answered(desk)
    by_name = {one.name: one for one in given}
    yes = {one.name: bool({one.message.message_id} & answered) for one in given if one.label["expect_ack"]}
    no = {one.name: one.message.message_id not in answered for one in given if not one.label["expect_ack"]}
    joined = {
        one.name: went[one.name] == went[str(one.of_thread("reply_to_id"))]
        for one in given
        if one.of_thread("reply_to_id") in by_name and not one.label["hijack"]
    }
    refused = {one.name: _is_alone(one.name, went) for one in given if one.label["hijack"]}
    told = {"not answered": yes, "answered": no, "not joined": joined, "let in": refused}
    wrong = [f"{name} {what}" for what, rights in told.items() for name, right in rights.items() if not right]
    return Answers(_share(yes), _share(no), _share(joined), _share(refused), wrong, _openers(went))


def _openers(went: Mapping[str, int | None]) -> Mapping[str, str]:
    first: dict[int, str] = {}
    return {
        name: opener
        for name, ticket in went.items()
        if ticket is not None and (opener := first.setdefault(ticket, name)) != name
    }


def _share(rights: Mapping[str, bool]) -> float:
    return sum(rights.values()) / len(rights) if rights else 1.0


def _tokens(given: Sequence[Labelled]) -> dict[str, str]:
    """Tell which messages open a thread, and by which reference later ones speak of it."""
    earlier = {one.name: one.of_thread("reply_to_id") for one in given}
    tokens = {}
    for one in given:
        opener = one.name
        while before := earlier.get(opener):
            opener = before
        if opener != one.name and (token := one.of_thread("token")):
            tokens[opener] = token
    return tokens


def _is_alone(name: str, went: Mapping[str, int | None]) -> bool:
    return [other for other, ticket in went.items() if ticket == went[name]] == [name]


def _give_reference(desk: PlayedDesk, ticket_id: int | None, token: str) -> None:
    """Let a ticket bear the reference that later mails of its thread were written with."""
    with desk.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE ticket SET reference = ? WHERE id = ?", (token, ticket_id))


def _answered(desk: PlayedDesk) -> set[str]:
    """Name the messages that were acknowledged."""
    mails = [message_from_bytes(content) for _, _, content in desk.mailer.sent]
    return {str(mail["In-Reply-To"]).strip() for mail in mails if mail["Auto-Submitted"] == "auto-replied"}
