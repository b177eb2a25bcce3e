"""The octets of a text part to text: charset, line ends, format=flowed, and what a plain text is not meant to hold."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from faultdesk.reading.charset import REPLACEMENT, decode
from faultdesk.reading.hypertext import text_of
from faultdesk.reading.sealed import ENCRYPTED, is_encrypted_text
from faultdesk.reading.unlabelled import unencoded
from faultdesk.reading.uuencoded import Uuencoded, without_files

LONGEST_TEXT = 512 * 1024
"""Octets of a text part that are looked at."""
_BLANK = re.compile("[\\s\u00ad\u200b-\u200f\u2060\ufeff]*")
_WORDS = re.compile("[^\x00-\x7f\xa0\u00ad\u200b-\u200f\u2060\ufeff]")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_META_WITHIN = 2048
_HTML_BEGINS = re.compile(r"\s{0,99}(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?")
_LEFT_OF_HTML = re.compile(r"&nbsp;")
"""What QQ and Foxmail leave in the plain text they make of HTML."""
_COMMAND = re.compile(r"(?<!<)<param>[^<>\n]{0,200}</param>|(?<!<)</?[a-z][a-z0-9-]{0,59}>", re.IGNORECASE)
_LINE_ENDS = re.compile(r"\n+")
_EMPTY_CELLS = re.compile(r"^[ \t]*\|[| \t]*$", re.MULTILINE)


class TextRead(NamedTuple):
    """What a text part holds."""

    text: str
    files: Sequence[Uuencoded] = ()
    problems: Sequence[str] = ()


def read_text(octets: bytes, media_type: str, parameters: Mapping[str, str]) -> TextRead:
    """Read a text part by the parameters of its Content-Type."""
    problems: list[str] = []
    if len(octets) > LONGEST_TEXT:
        problems.append(f"a text of {len(octets)} octets was cut after {LONGEST_TEXT}")
        # Between two lines, lest a character be cut in half and the charset go unrecognised.
        octets = octets[:LONGEST_TEXT].rpartition(b"\n")[0] or octets[:LONGEST_TEXT]
    octets = unencoded(octets)
    files: Sequence[Uuencoded] = ()
    if media_type == "text/html":
        html = _decoded_html(octets, parameters.get("charset", ""))
        text = text_of(html)
        if is_blank(text) and _WORDS.search(html):
            problems.append("the page shows none of the words that are in it; look at the original")
    else:
        text, files = _plain(octets, parameters)
    if media_type == "text/enriched":
        text = _unenriched(text)
    if is_encrypted_text(text):
        problems.append(ENCRYPTED)
    if REPLACEMENT in text:
        problems.append("some characters of the text could not be decoded")
    return TextRead(text, files, problems)


def is_blank(text: str) -> bool:
    """Tell whether there is nothing to see."""
    return _BLANK.fullmatch(text) is not None


def _decoded_html(octets: bytes, label: str) -> str:
    meta = None if label else _META_CHARSET.search(octets[:_META_WITHIN])
    return decode(octets, meta[1].decode("ascii", "replace") if meta else label)


def _plain(octets: bytes, parameters: Mapping[str, str]) -> tuple[str, Sequence[Uuencoded]]:
    text = _LINE_END.sub("\n", decode(octets, parameters.get("charset", "")))
    if parameters.get("format", "").lower() == "flowed":
        text = _unflowed(text, deletes_space=parameters.get("delsp", "").lower() == "yes")
    if _HTML_BEGINS.match(text):
        return text_of(text), ()
    return without_files(_EMPTY_CELLS.sub("", _LEFT_OF_HTML.sub(" ", text)))


def _unenriched(text: str) -> str:
    """Drop the commands of text/enriched (RFC 1896); of n line ends n - 1 are meant."""
    text = _COMMAND.sub("", text).replace("<<", "<")
    return _LINE_ENDS.sub(lambda ends: ends[0][1:] or " ", text)


def _unflowed(text: str, *, deletes_space: bool) -> str:
    """Join the lines that were broken for transport (RFC 3676 sections 4.1 and 4.2)."""
    paragraphs: list[list[str]] = []
    goes_on = False
    for line in text.split("\n"):
        stuffed = line.removeprefix(" ")
        if not goes_on or stuffed.startswith(">"):
            paragraphs.append([])
        goes_on = stuffed.endswith(" ") and stuffed != "-- " and not stuffed.startswith(">")
        paragraphs[-1].append(stuffed[:-1] if goes_on and deletes_space else stuffed)
    return "\n".join("".join(paragraph) for paragraph in paragraphs)
