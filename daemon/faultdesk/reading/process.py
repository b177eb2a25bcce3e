"""The parent's side of one reading child: start it, ask it, end it."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from faultdesk.errors import TransientError
from faultdesk.reading.exchange import LENGTH, LONGEST_ANSWER, READY, ReadingFailure, ReadingLimits

_CHUNK = 256 * 1024
_LAST_WORDS = 8_000
"""Octets of a child's stderr that are kept."""
_STARTING_SECONDS = 60.0
_ENDING_SECONDS = 5.0
"""Granted to a child that closed its pipes, to exit."""
_LOOKING_SECONDS = 0.05
"""Apart is it looked how much memory a child holds."""
_PATIENCE = 8.0
"""How many times its seconds a child may need that hardly gets a processor."""
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
"""All a child sees of ours: it has no use for paths to credentials."""


class ReadersUnavailableError(TransientError):
    """A reading child cannot be started, or the readers are closed: no message is to blame."""


class _EndedError(Exception):
    """The child closed its pipes."""


class _GrownError(Exception):
    """The child holds more memory than it may."""


class _NonsenseError(Exception):
    """The child said what no child of ours says."""


Answer = TypeVar("Answer")


class ReaderProcess(Generic[Answer]):
    """One child that gives answers of one type. It is used by one thread at a time, but for `kill`."""

    def __init__(self, command: Sequence[str], limits: ReadingLimits, answer: type[Answer]) -> None:
        self._command = (*command, str(limits.memory_octets), str(limits.open_files), str(limits.seconds))
        self._limits = limits
        self._is_looked_after = limits.resident_octets is not None
        self.taken_seconds = 0.0
        """What the last answer took, or its failure, without the time that the child waited for a processor."""
        self._child: subprocess.Popen[bytes] | None = None
        self._last_words = b""
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.json.Decoder(answer)

    def ask(self, item: msgspec.Struct, seconds: float | None = None) -> Answer | ReadingFailure:
        """Have something read, by a fresh child if the last one ended; in other `seconds` than usual, if told.

        Raises:
            ReadersUnavailableError: No child can be started.
        """
        child = self._child or self._start()
        seconds = self._limits.seconds if seconds is None else seconds
        try:
            return self._decoder.decode(self._exchange(child, self._encoder.encode(item), seconds))
        except TimeoutError:
            self.close()
            return ReadingFailure(f"reading took longer than {seconds:.3g} s", self._words())
        except _GrownError as error:
            self.close()
            return ReadingFailure(f"reading took {error}", self._words())
        except (_NonsenseError, msgspec.MsgspecError) as error:
            self.close()
            return ReadingFailure("the reader gave no proper answer", f"{error}\n{self._words()}")
        except _EndedError:
            return self._obituary(child)

    def resident_octets(self) -> int:
        """Tell how much memory the child holds; 0 when there is none."""
        if self._child is None:
            return 0
        try:
            pages = Path(f"/proc/{self._child.pid}/statm").read_text(encoding="ascii").split()[1]
        except OSError:
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        """End the child at once, from any thread."""
        if self._child is not None:
            self._child.kill()

    def close(self) -> None:
        """End the child and let go of its pipes."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
        child.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        """Start a child and wait for its first word.

        PR_SET_PDEATHSIG is of no use here: it fires when the thread that started the child ends.
        """
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        pipe = subprocess.PIPE
        self._last_words = b""
        try:
            self._child = subprocess.Popen(  # noqa: S603  our own interpreter and module
                self._command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env=environment
            )
            if self._exchange(self._child, None, _STARTING_SECONDS) == READY:
                return self._child
        except (OSError, _EndedError, _GrownError, _NonsenseError) as error:
            self.close()
            raise ReadersUnavailableError(
                f"no reading child can be started: {error} {self._words()}"
            ) from error
        self.close()
        raise ReadersUnavailableError("no reading child can be started: it does not say that it is ready")

    def _obituary(self, child: subprocess.Popen[bytes]) -> ReadingFailure:
        """Explain the end of a child by its exit and its last words."""
        try:
            code: int | None = child.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        if child.stderr is not None:
            self._hear(child.stderr.read(_LAST_WORDS * 8) if code is not None else b"")
        self.close()
        words = self._words()
        if code is not None and code < 0:
            return ReadingFailure(f"the reader was ended by {signal.Signals(-code).name}", words)
        last_line = next((line for line in reversed(words.splitlines()) if line.strip()), f"exit code {code}")
        return ReadingFailure(f"the reader failed: {last_line[:200]}", words)

    def _exchange(self, child: subprocess.Popen[bytes], request: bytes | None, seconds: float) -> bytes:
        """Write a frame and read one, hearing what the child complains of meanwhile.

        Raises:
            TimeoutError: Not within these seconds.
            _GrownError: The child holds more than it may.
            _EndedError: There will be no answer.
        """
        exchange = _Exchange(child, request)
        began, in_line = time.monotonic(), self._seconds_in_line(child)
        self.taken_seconds = 0.0
        while exchange.answer is None:
            left = min(seconds - self.taken_seconds, began + _PATIENCE * seconds - time.monotonic())
            had_any = exchange.step(min(left, _LOOKING_SECONDS) if self._is_looked_after else left)
            self._hear(exchange.complaints)
            if not had_any and left <= 0:
                raise TimeoutError
            self._look_at_memory()
            self.taken_seconds = time.monotonic() - began - (self._seconds_in_line(child) - in_line)
        return exchange.answer

    def _seconds_in_line(self, child: subprocess.Popen[bytes]) -> float:
        """Tell how long the child has waited for a processor: on a busy machine that is no time it took."""
        if not self._is_looked_after:
            return 0.0
        try:
            return int(Path(f"/proc/{child.pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
        except (OSError, IndexError):
            return 0.0

    def _look_at_memory(self) -> None:
        most = self._limits.resident_octets
        if most is not None and (held := self.resident_octets()) > most:
            raise _GrownError(f"{held // 10**6} MB of memory, more than {most // 10**6}")

    def _hear(self, words: bytes | None) -> None:
        if words:
            self._last_words = (self._last_words + words)[-_LAST_WORDS:]

    def _words(self) -> str:
        return self._last_words.decode("utf-8", "replace").strip()


class _Exchange:
    """One frame out, one frame in, over pipes that never block."""

    def __init__(self, child: subprocess.Popen[bytes], request: bytes | None) -> None:
        if child.stdin is None or child.stdout is None or child.stderr is None:
            raise _NonsenseError("it has no pipes")
        self._to, self._from, self._errors = (
            child.stdin.fileno(),
            child.stdout.fileno(),
            child.stderr.fileno(),
        )
        self._left = memoryview(b"" if request is None else LENGTH.pack(len(request)) + request)
        self._got = bytearray()
        self._poll = select.poll()
        os.set_blocking(self._to, False)
        self._poll.register(self._from, select.POLLIN)
        self._poll.register(self._errors, select.POLLIN)
        if self._left:
            self._poll.register(self._to, select.POLLOUT)
        self.answer: bytes | None = None
        self.complaints = b""

    def step(self, seconds: float) -> bool:
        """Wait for a pipe and serve it; tell whether one had anything."""
        self.complaints = b""
        ready = self._poll.poll(max(0.0, seconds) * 1000)
        for pipe, _ in ready:
            if pipe == self._to:
                self._write()
            elif pipe == self._from:
                self._read()
            else:
                self.complaints = os.read(self._errors, _CHUNK)
                if not self.complaints:
                    self._poll.unregister(self._errors)
        return bool(ready)

    def _write(self) -> None:
        try:
            self._left = self._left[os.write(self._to, self._left[:_CHUNK]) :]
        except BrokenPipeError as error:
            raise _EndedError("it ended while it was written to") from error
        if not self._left:
            self._poll.unregister(self._to)

    def _read(self) -> None:
        chunk = os.read(self._from, _CHUNK)
        if not chunk:
            raise _EndedError("it ended")
        self._got += chunk
        if len(self._got) < LENGTH.size:
            return
        (length,) = LENGTH.unpack_from(self._got)
        if length > LONGEST_ANSWER:
            raise _NonsenseError(f"it claims an answer of {length} octets")
        if len(self._got) >= LENGTH.size + length:
            self.answer = bytes(self._got[LENGTH.size : LENGTH.size + length])
