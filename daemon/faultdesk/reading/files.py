"""The files that come with a message: named safely, typed by content, looked into within bounds."""

import mimetypes
import unicodedata
from collections.abc import Callable, Collection
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec
from pathvalidate import sanitize_filename

from faultdesk.domain.message import Attachment
from faultdesk.reading.archives import is_archive, names_in
from faultdesk.reading.damage import UnreadableFileError
from faultdesk.reading.documents import is_document, words_of
from faultdesk.reading.kinds import is_program, media_type_of
from faultdesk.reading.pictures import description_of

_LONGEST_STEM = 70
"""Characters, which may take three octets each; a file system has room for 255."""
_LARGEST = 20 * 1024 * 1024
_MOST_LOOKED_INTO = 10
"""Files of one message."""
MOST_FILES = 500
NAMELESS = "attachment"
_TIFF = "image/tiff"


class File(NamedTuple):
    """A file as the message brings it: `head` its first octets, `octets` decodes all of them, `size` counts them."""

    name: str
    media_type: str
    size: int
    head: bytes
    octets: Callable[[], bytes]


class Document(NamedTuple):
    """A file's octets, under the name and the type that the ticket gives it."""

    name: str
    media_type: str
    octets: bytes


class Files:
    """The files of one message, in their order."""

    def __init__(self, *, looks_into: bool, keep: Collection[str] = ()) -> None:
        """Begin without any; `looks_into` is False for a message whose files ended a reader.

        `keep`: the names of those whose octets are wanted.
        """
        self.found: list[Attachment] = []
        self.kept: list[Document] = []
        self._keep = keep
        self.problems: list[str] = []
        self._looks_into = looks_into
        self._left = _MOST_LOOKED_INTO if looks_into else 0
        self._names: set[str] = set()

    def add(self, file: File) -> Attachment | None:
        """Take a file, and look into it if words or names can be taken out of it; None when there are too many."""
        if len(self.found) >= MOST_FILES:
            self.problems.append(f"the message has more than {MOST_FILES} files; the rest is not listed")
            return None
        media_type = media_type_of(file.head, file.media_type, file.name)
        name = self._unique(safe_name(file.name, media_type))
        if is_program(media_type, file.name):
            self.problems.append(f"the attachment {name} is a program; do not open it")
        if name in self._keep:
            self.kept.append(Document(name, media_type, file.octets()))
        words, names = "", tuple[str, ...]()
        try:
            if self._may_look_into(file, media_type):
                octets = file.octets()
                words = words_of(media_type, octets) if is_document(media_type) else ""
                names = names_in(media_type, octets) if is_archive(media_type) else ()
        except UnreadableFileError as error:
            self.problems.append(f"the attachment {name} {error}; its words were not read")
        described = description_of(file.octets()) if self._may_describe(file, media_type) else ""
        self.found.append(Attachment(name, media_type, file.size, names, words, described))
        return self.found[-1]

    def gave(self, file: Attachment, words: str) -> None:
        """Note the words that were read in a file elsewhere."""
        self.found[self.found.index(file)] = msgspec.structs.replace(file, text=words)

    def _may_look_into(self, file: File, media_type: str) -> bool:
        may = (is_document(media_type) or is_archive(media_type)) and self._left > 0 and file.size <= _LARGEST
        self._left -= may
        return may

    def _may_describe(self, file: File, media_type: str) -> bool:
        """Of pages that come in several files the first says who sent them."""
        is_first = not any(one.media_type == _TIFF for one in self.found)
        return media_type == _TIFF and is_first and self._looks_into and file.size <= _LARGEST

    def _unique(self, name: str) -> str:
        """Give a name no other file of the message has, whatever the case."""
        path = PurePosixPath(name)
        unique, count = name, 1
        while unique.casefold() in self._names:
            count += 1
            unique = f"{path.stem} ({count}){path.suffix}"
        self._names.add(unique.casefold())
        return unique


def safe_name(name: str, media_type: str) -> str:
    """Give a name that no file system or reader is fooled by: no path, no device, no text turned around."""
    shown = "".join(letter for letter in name if unicodedata.category(letter) not in {"Cc", "Cf", "Co", "Cs"})
    path = PurePosixPath(shown.replace("\\", "/").rpartition("/")[2])
    safe = sanitize_filename(path.stem[:_LONGEST_STEM] + path.suffix[:20], platform="universal").strip(". ")
    return safe or NAMELESS + (mimetypes.guess_extension(media_type) or "")
