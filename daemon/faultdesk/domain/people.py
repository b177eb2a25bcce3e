"""The desk's own people: engineers, leads of branches, managers, and who stands in for whom."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

import msgspec

from faultdesk.domain.client import Period, folded
from faultdesk.domain.message import Address


class Post(StrEnum):
    """What somebody is at the desk."""

    ENGINEER = "engineer"
    LEAD = "lead"
    """Of a branch; without one, of those that have no lead of their own."""
    MANAGER = "manager"


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of them; `key` is the name of the table that describes them."""

    key: str = ""
    name: str
    address: str
    phone: str = ""
    post: Post = Post.ENGINEER
    branch: str = ""
    """As clients' projects name it; "" is head office."""
    systems: frozenset[str] = frozenset()
    """What they can repair; empty: whatever comes."""
    away: tuple[Period, ...] = ()
    substitute: str = ""
    """The key of who stands in meanwhile."""

    @property
    def mailbox(self) -> Address:
        """Name and address, as a mail is sent to them."""
        return Address(self.address, self.name)

    def is_away(self, on: date) -> bool:
        """Tell whether they are absent on this day."""
        return any(period.covers(on) for period in self.away)


class People(msgspec.Struct, frozen=True):
    """All of them."""

    known: tuple[Person, ...] = ()

    def __post_init__(self) -> None:
        keys = {person.key for person in self.known}
        for person in self.known:
            if person.substitute and person.substitute not in keys:
                raise ValueError(f"{person.key}.substitute: {person.substitute} is nobody of people")
        for said, people in _called(self.known).items():
            if len(people) > 1 and said in {folded(person.address) for person in people}:
                raise ValueError(f"{people[1].key}.address: is that of {people[0].key}")

    @classmethod
    def of(cls, tables: Mapping[str, Person]) -> "People":
        """Make them of the tables of a configuration.

        Raises:
            ValueError: A substitute is nobody, or two have one address.
        """
        return cls(tuple(msgspec.structs.replace(one, key=key) for key, one in tables.items()))

    def __bool__(self) -> bool:
        return bool(self.known)

    def named(self, words: str) -> tuple[Person, ...]:
        """Find who is called so: by key, name or address, whatever the case and width."""
        return tuple(_called(self.known).get(folded(words), ()))

    def one(self, words: str) -> Person:
        """Find the one who is called so.

        Raises:
            ValueError: Nobody is, or several are.
        """
        found = self.named(words)
        if len(found) != 1:
            there = ", ".join(person.name for person in found or self.known) or "nobody: see [people]"
            raise ValueError(f"{'several are' if found else 'nobody is'} called “{words}”; there are {there}")
        return found[0]

    def at(self, address: str) -> Person | None:
        """Find who has this address."""
        return next((person for person in self.known if person.address == address), None)

    def mailbox(self, address: str) -> Address:
        """Give an address with its owner's name, if it is known."""
        person = self.at(address)
        return person.mailbox if person else Address(address)

    def holding(self, post: Post, branch: str = "") -> tuple[Person, ...]:
        """Find who holds a post: in this branch, else in none."""
        held = [person for person in self.known if person.post is post]
        return tuple([one for one in held if one.branch == branch] or [one for one in held if not one.branch])

    def holding_any(self, post: Post) -> tuple[Person, ...]:
        """Find everybody who holds a post."""
        return tuple(person for person in self.known if person.post is post)

    def present(self, person: Person, on: date) -> Person | None:
        """Give who is there on this day: they themselves or their substitute; None when nobody is."""
        seen: set[str] = set()
        while person.is_away(on):
            seen.add(person.key)
            found = next((one for one in self.known if one.key == person.substitute), None)
            if found is None or found.key in seen:
                return None
            person = found
        return person


def _called(people: Iterable[Person]) -> dict[str, list[Person]]:
    called: dict[str, list[Person]] = {}
    for person in people:
        for said in {folded(person.key), folded(person.name), folded(person.address)}:
            called.setdefault(said, []).append(person)
    return called
