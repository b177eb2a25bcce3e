"""A lock that is handed on in the order in which it was asked for."""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """Lets threads write one after the other, none twice while another waits.

    threading.Lock makes no such promise: the triage that releases it would mostly take it again,
    and the receipts of what was sent would wait.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._mutex:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
