"""One row of a sheet of clients: what it says, and what is wrong with it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import phonenumbers

from faultdesk.adapters.client_sheet.columns import COLUMNS, PREFIXES
from faultdesk.domain.calendar import AROUND_THE_CLOCK
from faultdesk.domain.client import LONGEST_SPAN, AgreedSpans, Client, Contract, Period, Project, folded
from faultdesk.domain.identity import is_deliverable
from faultdesk.domain.people import People
from faultdesk.domain.spans import is_in_days, span_of

NOBODY = People()
REGION = "CN"
"""Of numbers without a country code."""
_SEVERAL = re.compile(r"[;；\n]+")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})
_LONGEST = 2000
"""Characters of a cell."""
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")

_EXTENSION = re.compile(r"转|轉|分机|分機|内线|內線")


class Row:
    """One row: its cells, and what is wrong with them."""

    def __init__(
        self, cells: Mapping[str, Any], free_mail_domains: frozenset[str], people: People = NOBODY
    ) -> None:
        self._cells = cells
        self._free = free_mail_domains
        self._people = people
        self.problems: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing stands in it."""
        return not self._cells

    def client(self) -> Client | None:
        """Read the row; None without a client's name."""
        self._look_at_cells()
        name = self._text("client")
        if not name:
            self.problems.append(f"client: no name of a client ({COLUMNS['client']})")
            return None
        contract, project = self._contract(), self._text("project")
        if contract and not project:
            self.problems.append(f"contract {contract.number}: belongs to no project")
        projects = (
            Project(
                name=project,
                sites=self._several("sites"),
                branch=self._text("branch"),
                contracts=(contract,) if contract else (),
            ),
        )
        return Client(
            name=name,
            aliases=self._several("aliases"),
            domains=self._each("domains", self._domain),
            addresses=self._each("addresses", _address),
            numbers=self._each("numbers", normal_number),
            faxes=self._each("faxes", normal_number),
            projects=projects if project else (),
        )

    def _look_at_cells(self) -> None:
        """Refuse what a spreadsheet has not worked out, and what no table takes."""
        for name, cell in self._cells.items():
            text = str(cell)
            if text.startswith("=") or text in _ERRORS:
                self.problems.append(f"{name}: {text} is a formula or an error; put its value")
            elif len(text) > _LONGEST:
                self.problems.append(f"{name}: longer than {_LONGEST} characters")
            elif any(unicodedata.category(letter) == "Cc" and letter not in "\t\n\r" for letter in text):
                self.problems.append(f"{name}: holds control characters")

    def _contract(self) -> Contract | None:
        number = self._text("contract")
        contract = Contract(
            number=number,
            warranty=self._period("warranty"),
            maintenance=self._period("maintenance"),
            covered=self._text("covered"),
            spans=self._spans(),
            calendar=self._text("calendar"),
            engineer=next(iter(self._each("engineer", self._engineer)), ""),
            engineer_during=self._period("engineer"),
        )
        if number and not folded(number):
            self.problems.append(f"contract: {number} is no number; leave the cell empty")
        if number:
            return contract
        if contract != Contract(number=""):
            self.problems.append(f"contract: no number ({COLUMNS['contract']}), but dates or spans")
        return None

    def _text(self, name: str) -> str:
        value = self._cells.get(name, "")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value).strip()

    def _several(self, name: str) -> tuple[str, ...]:
        found = (part.strip() for part in _SEVERAL.split(self._text(name)))
        return tuple(dict.fromkeys(part for part in found if part))

    def _each(self, name: str, read: Callable[[str], str]) -> tuple[str, ...]:
        found: list[str] = []
        for part in self._several(name):
            try:
                found.append(read(part))
            except ValueError as error:
                self.problems.append(f"{name}: {error}")
        return tuple(dict.fromkeys(found))

    def _domain(self, text: str) -> str:
        domain = text.lower().removeprefix("@")
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{text} is no domain")
        if domain in self._free:
            raise ValueError(f"{domain} is free mail, whose users have nothing in common; name the addresses")
        return domain

    def _engineer(self, text: str) -> str:
        return _address(text) if "@" in text else self._people.one(text).address

    def _period(self, name: str) -> Period | None:
        begin, end = self._date(f"{name}_from"), self._date(f"{name}_to")
        if begin is None and end is None:
            return None
        try:
            return Period(begin, end)
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return None

    def _date(self, name: str) -> date | None:
        value = self._cells.get(name)
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.date()
        match = _DATE.fullmatch(str(value).strip())
        try:
            if match is not None:
                return date(*map(int, match.groups()))
        except ValueError:
            pass
        self.problems.append(f"{name}: {value} is no date as in 2026-03-05")
        return None

    def _spans(self) -> dict[str, AgreedSpans]:
        found = {}
        for severity, prefix in PREFIXES.items():
            spans = AgreedSpans(self._span(f"{prefix}respond_within"), self._span(f"{prefix}on_site_within"))
            if spans != AgreedSpans():
                found[severity] = spans
        return found

    def _span(self, name: str) -> timedelta | None:
        text = self._text(name)
        if not text:
            return None
        if not (span := span_of(text)):
            self.problems.append(f"{name}: {text} is no span as in 4, 30 min or 2 天; a mere number is hours")
            return None
        if is_in_days(text) and self._text("calendar") not in {"", AROUND_THE_CLOCK.name}:
            self.problems.append(f"{name}: {text}: of a calendar's days nobody knows the hours; say hours")
        if span > LONGEST_SPAN:
            self.problems.append(f"{name}: {text} is longer than a year")
        return span


def normal_number(text: str) -> str:
    """Write a telephone or fax number as E.164, its extension behind it: +862087561234x12.

    Raises:
        ValueError: It is none.
    """
    try:
        parsed = phonenumbers.parse(_EXTENSION.sub("x", text), REGION)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise ValueError(f"{text} is no telephone number; one of this country has its area code")
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return f"{number}x{parsed.extension}" if parsed.extension else number


def _address(text: str) -> str:
    address = text.lower()
    if not is_deliverable(address):
        raise ValueError(f"{text} is no mail address")
    return address
