"""Who is to go, and why: whom the contract names, else by branch, by skill, by roster."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from faultdesk.domain.assignment import Choice
from faultdesk.domain.message import Address
from faultdesk.domain.people import People, Person, Post
from faultdesk.domain.ticket import Ticket


class Chooser:
    """One choice, as it is narrowed down."""

    def __init__(self, people: People, on: date, passed_over: frozenset[str]) -> None:
        """Look at those who are there on this day and were not asked yet."""
        self._people = people
        self._on = on
        self._passed_over = passed_over
        self.reasons: list[str] = []
        """Of the choice, and of its failure."""

    def choose(self, ticket: Ticket, on_duty: Sequence[Person] | None) -> Choice | None:
        """Narrow down; `on_duty` None where there is no roster. None when nobody is left."""
        if named := self._named(ticket):
            return named
        if not (fit := self._pool()):
            return None
        branch = ticket.entitlement.branch if ticket.entitlement else ""
        system = ticket.classification.system
        fit = self._narrow(fit, f"of branch {branch}", lambda one: one.branch == branch) if branch else fit
        if any(system in one.systems for one in fit):
            fit = self._narrow(fit, f"skilled in {system}", lambda one: system in one.systems)
        else:
            fit = self._narrow(fit, "for any system", lambda one: not one.systems)
        fit = self._on_duty(fit, on_duty)
        return Choice(tuple(one.mailbox for one in fit), tuple(self.reasons))

    def _named(self, ticket: Ticket) -> Choice | None:
        owed = ticket.entitlement
        if owed is None or not owed.engineer:
            return None
        reason = f"named by contract {owed.contract}"
        person = self._people.at(owed.engineer)
        there = self._people.present(person, self._on) if person else None
        address = there.mailbox if there else Address(owed.engineer)
        if (person and there is None) or address.address in self._passed_over:
            self.reasons.append(f"{reason}: {owed.engineer}, who is away or did not answer")
            return None
        if there is not None and there is not person:
            reason += f"; stands in for {owed.engineer}"
        return Choice((address,), (reason,))

    def _pool(self) -> list[Person]:
        there = (self._people.present(one, self._on) for one in self._people.holding_any(Post.ENGINEER))
        return [one for one in _each(there) if one.address not in self._passed_over]

    def _narrow(self, fit: list[Person], what: str, is_so: Callable[[Person], bool]) -> list[Person]:
        """Keep those who are so; if none is, all, and say it."""
        kept = [one for one in fit if is_so(one)]
        self.reasons.append(what if kept else f"nobody {what}")
        return kept or fit

    def _on_duty(self, fit: list[Person], on_duty: Sequence[Person] | None) -> list[Person]:
        if on_duty is None:
            return fit
        there = (self._people.present(one, self._on) for one in on_duty)
        awake = [one for one in _each(there) if one.address not in self._passed_over]
        kept = [one for one in fit if one in awake]
        if kept:
            self.reasons.append("on duty")
            return kept
        # Whoever sleeps answers nobody.
        self.reasons.append("none of these is on duty: whoever is" if awake else "the roster names nobody")
        return awake or fit


def _each(people: Iterator[Person | None]) -> list[Person]:
    """Leave out nobody, and twins."""
    return list(dict.fromkeys(one for one in people if one is not None))
