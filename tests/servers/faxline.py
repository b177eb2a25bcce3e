"""A telephone line over which faxes are really sent, by T.30, with bursts of noise."""

import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("faxline.c")


class FaxLine:
    """Two fax machines and what is between them, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = folder / "faxline"
        subprocess.run(["cc", "-O2", "-o", self._program, _SOURCE, "-lspandsp", "-ltiff", "-lm"], check=True)

    def send(self, document: bytes, *, corrects: bool, bursts: float, seed: int = 1) -> bytes:
        """Send a TIFF; give what was received. `bursts` of noise a second are the same for the same seed.

        Raises:
            subprocess.CalledProcessError: The call failed.
        """
        sent, received = self._folder / "sent.tif", self._folder / "received.tif"
        sent.write_bytes(document)
        received.unlink(missing_ok=True)
        command = [str(self._program), str(sent), str(received), str(int(corrects)), str(seed), str(bursts)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return received.read_bytes()
