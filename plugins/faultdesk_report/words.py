"""What a report says, in the three languages of the clients."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from faultdesk.domain.message import Language


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of one language; those of bases, charges and classes by their names in the code."""

    lang: str
    region: str
    title: str
    number: str
    page: tuple[str, str, str]
    our_fax: str
    our_phone: str
    client: str
    project: str
    contract: str
    matter: str
    place: str
    device: str
    system: str
    fault_class: str
    charge: str
    engineer: str
    noticed: str
    arrived: str
    remote: str
    recovered: str
    completed: str
    cause: str
    method: str
    parts: str
    no_parts: str
    course: str
    head: tuple[str, str, str]
    course_of: Mapping[str, str]
    """By the kind of event; of others a client reads nothing."""
    note: str
    times: str
    signatures: tuple[str, str]
    dated: str
    bases: Mapping[str, str]
    charges: Mapping[str, str]
    classes: Mapping[str, str]
    systems: Mapping[str, str]


@cache
def words_in(language: Language) -> Words:
    """Give the words of the language in which the client is answered."""
    text = (
        files("faultdesk_report").joinpath(f"words/{language.answered_in}.toml").read_text(encoding="utf-8")
    )
    return msgspec.convert(tomllib.loads(text), Words)
