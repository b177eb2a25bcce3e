"""Has msgspec look at every type before any thread does."""

import contextlib
from collections.abc import Iterator

import msgspec


def prepare_types() -> None:
    """Let msgspec look at every type there is, for one thread alone.

    It looks at a type when something is first converted to it; of two threads that convert to the same type then, one may
    read what the other has not finished, and the process ends by SIGSEGV (msgspec 0.22).
    """
    for kind in _kinds(msgspec.Struct):
        with contextlib.suppress(
            TypeError
        ):  # one that nothing can be converted to, as one that holds a function
            msgspec.json.Decoder(kind)


def _kinds(of: type) -> Iterator[type]:
    kinds: list[type] = of.__subclasses__()
    for kind in kinds:
        yield kind
        yield from _kinds(kind)
