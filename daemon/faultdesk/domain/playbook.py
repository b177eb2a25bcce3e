"""The prepared strategy for each class of fault (应急策略, P8): files that an operator edits."""

import unicodedata
from collections.abc import Iterator, Mapping

import msgspec

from faultdesk.domain.message import Language
from faultdesk.domain.ticket import Facts, Ticket

Texts = Mapping[Language, str]
Lists = Mapping[Language, tuple[str, ...]]


class Copied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who gets a copy of the work order, as a line crew or a product's vendor; they decide nothing."""

    always: tuple[str, ...] = ()
    by_system: Mapping[str, tuple[str, ...]] = {}
    by_brand: Mapping[str, tuple[str, ...]] = {}
    """By a word of the device or of what the client wrote."""

    def addresses(self, ticket: Ticket, text: str) -> tuple[str, ...]:
        """Pick those for a ticket whose client wrote this, each once."""
        said = _plain(f"{ticket.classification.facts.device or ''}\n{ticket.subject}\n{text}")
        found = [*self.always, *self.by_system.get(ticket.classification.system, ())]
        found += [one for brand, people in self.by_brand.items() if _plain(brand) in said for one in people]
        return tuple(dict.fromkeys(found))

    def all(self) -> Iterator[str]:
        """List every address."""
        yield from self.always
        for people in (*self.by_system.values(), *self.by_brand.values()):
            yield from people


class Playbook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One class of fault: what helps the client meanwhile, and what the engineer goes through."""

    first_aid: Texts
    checklist: Lists
    copy: Copied = Copied()
    ask: Mapping[str, Texts] = {}
    """What to ask for when a fact of this name is missing."""

    def __post_init__(self) -> None:
        facts = set(Facts.__struct_fields__)
        for language in (Language.ZH_HANS, Language.ZH_HANT, Language.EN):
            for name, texts in {"first_aid": self.first_aid, **self.ask}.items():
                if not texts.get(language, "").strip():
                    raise ValueError(f"{name}: has no text in {language}")
        if wrong := [name for name in self.ask if name not in facts]:
            raise ValueError(f"ask: {wrong[0]} is no fact; there are {sorted(facts)}")
        if not self.checklist.get(Language.ZH_HANS) or not self.checklist.get(Language.EN):
            raise ValueError("checklist: is needed in zh-Hans and en")

    def steps(self, language: Language) -> tuple[str, ...]:
        """Give the checklist in the language of the case."""
        return self.checklist.get(language) or self.checklist[Language.ZH_HANS]

    def questions(self, facts: Facts, language: Language) -> tuple[str, ...]:
        """List what is still to be asked."""
        known = {name for name in Facts.__struct_fields__ if getattr(facts, name) is not None}
        return tuple(texts[language] for name, texts in self.ask.items() if name not in known)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
