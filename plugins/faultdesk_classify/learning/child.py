"""The process that learns: beside the daemon, behind it, and within limits.

One request on standard input, one answer on standard output. The same request gives the same octets.
"""

import hashlib
import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from faultdesk.domain.message import Address, InboundMessage
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.learning.compare import Held, Labelled, losses, score
from faultdesk_classify.learning.exchange import CPU_SECONDS, MEMORY_OCTETS, Request, Trained, figures
from faultdesk_classify.learning.lessons import Lesson
from faultdesk_classify.terms import load_terms, loaded_terms
from faultdesk_classify.training.linear import Lesson as Example
from faultdesk_classify.training.linear import lesson_of, train_linear
from faultdesk_classify.training.texts import samples

_NICE = 19
_SHARES = 5
"""One of so many is held."""


def train(request: Request, folder: Path) -> Trained:
    """Learn with and without the corrections, compare, and learn from all if nothing is lost."""
    load_terms(request.terms)
    terms = loaded_terms(request.terms)
    texts = [lesson_of(sample) for sample in samples()]
    said = [_example(lesson) for lesson in request.lessons]
    bundled = train_linear(_taught(texts), terms)
    measured = train_linear([*_taught(texts), *_taught(said)], terms)
    held_texts, held_said = _held(texts), _held(said)

    def look(name: str, model: bytes) -> Held:
        path = folder / name
        path.write_bytes(model)
        handler = ClassifyHandler(terms=request.terms, linear=path, ask_below=request.ask_below)
        return Held(score(handler.classify_message, held_texts), score(handler.classify_message, held_said))

    before = look("bundled", bundled)
    now = look("in_force", request.measured) if request.measured else before
    new = look("new", measured)
    reasons = losses(new, before, now)
    if not held_said:
        reasons.append("no correction is among those held back to measure by; more are needed")
    return Trained(
        figures=figures(request.lessons, len(held_said), new, before, now),
        reasons=reasons,
        model=b"" if reasons else train_linear([*texts, *said], terms),
        measured=measured,
    )


def _example(lesson: Lesson) -> Example:
    message = InboundMessage(
        sender=Address("client@owner.example", lesson.sender),
        subject=lesson.subject,
        text=lesson.text,
        references=lesson.references,
    )
    return Example(message, lesson.labels)


def _is_held(example: Example) -> bool:
    """Tell by the words alone: what was held once is held for ever, and so is a second one of the same words."""
    words = f"{example.message.subject}\n{example.message.text}".split()
    return hashlib.sha256(" ".join(words).encode()).digest()[0] % _SHARES == 0


def _held(examples: Sequence[Example]) -> list[Labelled]:
    return [(one.message, one.labels) for one in examples if _is_held(one)]


def _taught(examples: Sequence[Example]) -> list[Example]:
    return [one for one in examples if not _is_held(one)]


def main() -> None:
    """Answer one request."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_OCTETS, MEMORY_OCTETS))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    with suppress(OSError):  # a unit of another version does not allow it
        os.nice(_NICE)
    request = msgspec.msgpack.decode(
        sys.stdin.buffer.read(), type=Request, dec_hook=lambda kind, value: kind(value)
    )
    with TemporaryDirectory() as folder:
        answer = train(request, Path(folder))
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    main()
