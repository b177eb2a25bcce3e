"""A machine whose clock can be set while a program runs, and whose counter of seconds goes on."""

from pathlib import Path

import pytest

from servers.process import program


class SetMachine:
    """Runs programs `under` a clock that stands by `set` off the true one, and no monotonic clock with it."""

    def __init__(self, folder: Path) -> None:
        program("faketime", package="faketime")
        self._offset = folder / "clock.offset"
        self.set("+0")

    @property
    def under(self) -> list[str]:
        """What runs a program under this clock."""
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        return [
            "env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={self._offset}", "FAKETIME_CACHE_DURATION=1",
            "FAKETIME_DONT_RESET=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
        ]  # fmt: skip

    def set(self, offset: str) -> None:
        """Set the clock to so much off the true time: "+1h", "-1h", "+1y"."""
        new = self._offset.with_suffix(".new")
        new.write_text(f"{offset}\n")
        new.rename(self._offset)


@pytest.fixture
def set_machine(tmp_path: Path) -> SetMachine:
    return SetMachine(tmp_path)
