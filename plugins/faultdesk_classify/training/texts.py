"""Labelled texts: what a client wrote, what it is about, and where its facts stand.

%% fault/line cctv high zh-Hans onsite=yes
From: {customer:Name of the house} Wang
Subject: the words

The writer's own words, {location:a place} and {device:a thing} marked where they stand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from faultdesk_classify.learned.tokens import Written, join

_RECORD = re.compile(r"^%% (.+)\nFrom: ?(.*)\nSubject: ?(.*)\n(?:\n((?:(?!%% ).*+\n?)*+))?", re.MULTILINE)
_MARK = re.compile(r"\{(customer|site|contact|location|device|project):([^{}]+)\}")
_ONSITE = {"onsite=yes": True, "onsite=no": False}


class Marked(NamedTuple):
    """Where a fact stands: offsets into the written text."""

    name: str
    start: int
    end: int


class Sample(NamedTuple):
    """A text with what is true of it."""

    written: Written
    marks: Sequence[Marked]
    labels: Mapping[str, str | bool | None]
    """kind, fault_class, system, severity, language, wants_onsite"""
    writer: str
    """The file it stands in."""


def samples() -> list[Sample]:
    """Read all texts that come with the handler, in a steady order.

    Raises:
        ValueError: One is not written as it should be.
    """
    folder = files("faultdesk_classify").joinpath("texts")
    found: list[Sample] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        text = file.read_text(encoding="utf-8")
        read = list(_read(text, file.name.removesuffix(".txt")))
        if len(read) != text.count("\n%% ") + text.startswith("%% "):
            raise ValueError(f"{file.name}: a record without From and Subject, after number {len(read)}")
        found += read
    return found


def _read(text: str, writer: str) -> Iterator[Sample]:
    for record in _RECORD.finditer(text):
        about = record[1].split()
        kind, _, fault_class = about[0].partition("/")
        labels = {
            "kind": kind,
            "fault_class": fault_class or None,
            **dict(zip(("system", "severity", "language"), about[1:], strict=False)),
            "wants_onsite": _ONSITE.get(about[-1]),
        }
        plain, marks = zip(
            *(_unmarked(part) for part in (record[2], record[3], (record[4] or "").strip("\n"))), strict=True
        )
        written = join(*plain)
        placed = [
            Marked(name, zone.start + start, zone.start + end)
            for zone, those in zip(written.zones, marks, strict=False)
            for name, start, end in those
            if zone.start + end <= zone.end
        ]
        yield Sample(written, placed, labels, writer)


def _unmarked(part: str) -> tuple[str, list[Marked]]:
    plain, end = "", 0
    marks: list[Marked] = []
    for mark in _MARK.finditer(part):
        plain += part[end : mark.start()]
        marks.append(Marked(mark[1], len(plain), len(plain) + len(mark[2])))
        plain += mark[2]
        end = mark.end()
    return plain + part[end:], marks
