"""A private clamd on a UNIX socket and a TCP port, with one signature: that of the EICAR test file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.process import ServerProcess, free_port, private_folder, program, unprivileged

# In halves: the whole string would make a scanner take this repository away.
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
SIGNATURE = "Eicar-Test-Signature.UNOFFICIAL"
"""clamd says so of every signature that ClamAV has not signed."""
STREAM_MAX_OCTETS = 1024 * 1024

CONFIGURATION = """\
Foreground yes
DatabaseDirectory {folder}/signatures
LocalSocket {folder}/clamd.ctl
LocalSocketMode 666
FixStaleSocket yes
TCPAddr 127.0.0.1
TCPSocket {port}
TemporaryDirectory {folder}
MaxThreads 4
StreamMaxLength 1M
AlertExceedsMax yes
MaxRecursion 5
"""


class ClamdServer:
    """The server. `stop` and `start` keep its socket and port."""

    def __init__(self, folder: Path) -> None:
        self._account = unprivileged("nobody")
        self.socket = folder / "clamd.ctl"
        self.port = free_port()
        # At the beginning of a file: found in a mail only by whoever opens its parts.
        signatures = folder / "signatures"
        signatures.mkdir()
        (signatures / "eicar.ndb").write_text(f"Eicar-Test-Signature:0:0:{EICAR.hex()}\n", encoding="ascii")
        configuration = folder / "clamd.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, port=self.port), encoding="ascii")
        folder.chmod(0o755)
        signatures.chmod(0o755)
        self._process = ServerProcess(
            [program("clamd", package="clamav-daemon"), "--config-file", str(configuration)],
            account=self._account,
            folder=folder,
        )

    def start(self) -> None:
        self._process.start(self.port)

    def stop(self) -> None:
        self._process.stop()


@pytest.fixture(scope="session")
def clamd_server() -> Iterator[ClamdServer]:
    with private_folder("clamd", unprivileged("nobody")) as folder:
        server = ClamdServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def clamd(clamd_server: ClamdServer) -> Iterator[ClamdServer]:
    """A clamd that runs; the test may stop it."""
    yield clamd_server
    clamd_server.stop()
    clamd_server.start()
