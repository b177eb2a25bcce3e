"""A private PostgreSQL cluster on loopback; every `url()` is a database of its own."""

import itertools
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from servers.process import ServerProcess, free_port, private_folder, program, unprivileged, wait_until

PACKAGE = "postgresql"
# The data need not survive the machine, only the server's own crash.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "max_connections": "200",
    "timezone": "UTC",
}


class PostgreSQL:
    """The cluster. `stop`, `kill` and `start` keep its port and databases."""

    host = "127.0.0.1"

    def __init__(
        self, folder: Path, primary: "PostgreSQL | None" = None, settings: Mapping[str, str] = SETTINGS
    ) -> None:
        """Make a new cluster, or a standby of `primary`, which streams to it from its start on."""
        self.port = free_port()
        self._numbers = itertools.count(1)
        self._account = unprivileged("postgres")
        cluster = folder / "cluster"
        if primary is None:
            self._run(
                "initdb", "--pgdata", str(cluster), "--username=postgres", "--auth=trust",
                "--encoding=UTF8", "--locale=C", "--no-sync",
            )  # fmt: skip
        else:
            self._run(
                "pg_basebackup", "--pgdata", str(cluster), "--host", primary.host, "--port", str(primary.port),
                "--username=postgres", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
            )  # fmt: skip
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._process = ServerProcess(
            [find_program("postgres"), "-D", str(cluster), f"--port={self.port}", *options],
            account=self._account,
            folder=folder,
        )

    def url(self) -> str:
        """Make a fresh, empty database and answer its SQLAlchemy URL."""
        name = f"test_{next(self._numbers)}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://postgres@{self.host}:{self.port}/{name}"

    def end_sessions(self) -> None:
        """Cut every client's connection, as a restart of the server would."""
        with self._connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
            )

    def wait_for_standby(self) -> None:
        """From now on commit nothing that the standby has not got, and wait until that holds."""
        with self._connect() as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        wait_until(self._is_followed, "the standby follows")

    def promote(self) -> None:
        """Make this standby a primary."""
        with self._connect() as connection:
            connection.execute("SELECT pg_promote()")

    def start(self) -> None:
        self._process.start(self.port)
        wait_until(self._accepts, "postgresql accepts connections")

    def stop(self) -> None:
        self._process.stop(signal.SIGINT)  # "fast": does not wait for clients to leave

    def kill(self) -> None:
        self._process.kill()

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.host, port=self.port, user="postgres", dbname="postgres", autocommit=True
        )

    def _is_followed(self) -> bool:
        with self._connect() as connection:
            asked = connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
            return asked.fetchone() is not None

    def _accepts(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:  # it still recovers
            return False
        return True

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [find_program(name), *arguments],
            check=True,
            capture_output=True,
            cwd="/",
            user=self._account.uid,
            group=self._account.gid,
        )


def find_program(name: str) -> str:
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    return program(name, package=PACKAGE, folders=tuple(str(folder) for folder in folders))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    find_program("postgres")
    with private_folder("postgresql", unprivileged("postgres")) as folder:
        server = PostgreSQL(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
