"""A small disk in a mount namespace of its own, which can be filled, and freed again, from outside."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from servers.process import leash, program

_CHUNK = 64 * 1024


class SmallDisk:
    """A tmpfs over `folder`, seen by what runs `under` it and by nobody else; use it in a `with` statement."""

    def __init__(self, folder: Path, megabytes: int = 20) -> None:
        self._folder = folder
        self._megabytes = megabytes

    def __enter__(self) -> Self:
        self._folder.mkdir()
        unshare = [program("unshare", package="util-linux"), "--mount", "--propagation", "private"]
        mount = f'mount -t tmpfs -o size={self._megabytes}m,mode=700 small "$1" && echo ready && exec sleep infinity'
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        self._holder = subprocess.Popen(
            [*leash(), *unshare, *as_root, "sh", "-c", mount, "sh", self._folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stderr is not None
        if self._holder.stdout.readline() != b"ready\n":
            pytest.fail(f"no disk of its own: {self._holder.stderr.read().decode()}", pytrace=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.kill()
        with self._holder:  # closes its pipes
            pass

    @property
    def under(self) -> list[str]:
        """What runs a program where the disk is."""
        enter = [program("nsenter", package="util-linux"), "--target", str(self._holder.pid), "--mount"]
        return enter if os.geteuid() == 0 else [*enter, "--user", "--preserve-credentials"]

    @property
    def files(self) -> Path:
        """The disk's files, seen from outside."""
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")

    def fill(self) -> None:
        """Leave no octet free."""
        with (self.files / "filler").open("ab", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(_CHUNK))

    def use_up_inodes(self) -> None:
        """Let no further file be made, with room for octets left."""
        self._remount(f"nr_inodes={os.statvfs(self.files).f_files - os.statvfs(self.files).f_ffree}")

    def free(self) -> None:
        """Give back what was filled or used up."""
        (self.files / "filler").unlink(missing_ok=True)
        self._remount("nr_inodes=10000")

    def protect(self) -> None:
        """Make it read-only; refused by the kernel while a file is open for writing."""
        self._remount("ro")

    def unprotect(self) -> None:
        """Make it writable again."""
        self._remount("rw")

    def _remount(self, option: str) -> None:
        command = [*self.under, "mount", "-o", f"remount,{option}", str(self._folder)]
        subprocess.run(command, check=True, capture_output=True, timeout=20)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk") as disk:
        yield disk
