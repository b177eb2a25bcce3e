"""What an archive holds, by its own table of contents: nothing is unpacked."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice

import rarfile

from faultdesk.reading.charset import decode
from faultdesk.reading.damage import UnreadableFileError, damage_told
from faultdesk.reading.headers import one_line

MOST_NAMES = 100
_MOST_UNPACKED = 16 * 1024 * 1024
"""Octets of a compressed tar that are looked through for names."""
_UTF8_NAME = 0x800
_LOCKED = 0x1


def is_archive(media_type: str) -> bool:
    """Tell whether archives of this type can be listed."""
    return media_type in _LISTERS


def names_in(media_type: str, octets: bytes) -> tuple[str, ...]:
    """List the names an archive holds, `MOST_NAMES` at most, in its order.

    Raises:
        UnreadableFileError: It is damaged or locked.
    """
    with damage_told():
        return tuple(one_line(name)[:200] for name in islice(_LISTERS[media_type](octets), MOST_NAMES))


def _zip(octets: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        for entry in archive.infolist():
            if entry.flag_bits & _LOCKED:
                raise UnreadableFileError("is locked with a password")
            yield entry.filename if entry.flag_bits & _UTF8_NAME else _unlabelled(entry.filename)


def _unlabelled(name: str) -> str:
    """Read a name as its octets: programs in China write GBK and say nothing."""
    try:
        return decode(name.encode("cp437"), "gb18030")
    except UnicodeEncodeError:
        return name


def _rar(octets: bytes) -> Iterator[str]:
    with rarfile.RarFile(io.BytesIO(octets)) as archive:
        if archive.needs_password():
            raise UnreadableFileError("is locked with a password")
        yield from archive.namelist()


def _tar(octets: bytes) -> Iterator[str]:
    """List as much as there is: what was cut may end in the midst of a member."""
    with tarfile.open(fileobj=io.BytesIO(octets), mode="r:") as archive:
        while (member := _next(archive)) is not None:
            yield member.name


def _next(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return archive.next()
    except tarfile.TarError:
        return None


def _compressed(opened: Callable[[io.BytesIO], io.BufferedIOBase]) -> Callable[[bytes], Iterator[str]]:
    def names(octets: bytes) -> Iterator[str]:
        with opened(io.BytesIO(octets)) as stream:
            start = stream.read(_MOST_UNPACKED)
        # A single file that is merely compressed has no names to tell.
        return _tar(start) if tarfile.is_tarfile(io.BytesIO(start)) else iter(())

    return names


_LISTERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "application/zip": _zip,
    "application/vnd.rar": _rar,
    "application/x-tar": _tar,
    "application/gzip": _compressed(lambda file: gzip.GzipFile(fileobj=file)),
    "application/x-bzip2": _compressed(bz2.BZ2File),
    "application/x-xz": _compressed(lzma.LZMAFile),
}
