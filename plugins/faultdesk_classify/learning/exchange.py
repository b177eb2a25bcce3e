"""What goes to the process that learns, and what comes back."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from faultdesk_classify.learning.compare import Held
from faultdesk_classify.learning.lessons import Lesson

MEMORY_OCTETS = 2 * 1024**3
CPU_SECONDS = 900
_SECONDS = 3600.0
"""It gives way to everything else, so it may wait."""
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
_LAST_WORDS = 300


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to learn from, beside the bundled texts, and what is in force."""

    lessons: Sequence[Lesson]
    measured: bytes
    """The sibling of the model in force, which did not see what is held; none: that is the bundled one."""
    terms: Path | None
    ask_below: float


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; no model if there are reasons against it."""

    figures: Mapping[str, Any]
    reasons: Sequence[str]
    model: bytes
    measured: bytes


class Learned(msgspec.Struct, frozen=True):
    """The octets of the artefact: the model that reads, and its sibling, by which the next one is measured."""

    model: bytes
    measured: bytes
    references: Sequence[str]
    """The tickets that taught it."""


class TrainingFailedError(Exception):
    """The process gave no answer; the text says why."""


def run_training(request: Request) -> Trained:
    """Learn in a process of its own, and wait for it.

    Raises:
        TrainingFailedError: It was ended by a limit or a fault.
    """
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # The order of sets is that of the hashes, and sums depend on their order in the last digit.
    environment["PYTHONHASHSEED"] = "0"
    try:
        ran = subprocess.run(
            (sys.executable, "-P", "-m", "faultdesk_classify.learning.child"),
            input=msgspec.msgpack.encode(request, enc_hook=str),
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            env=environment,
        )
        return msgspec.msgpack.decode(ran.stdout, type=Trained)
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:_LAST_WORDS]
        raise TrainingFailedError(words or f"it ended with {error.returncode}") from error
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
        raise TrainingFailedError(str(error)) from error


def figures(lessons: Sequence[Lesson], held: int, new: Held, bundled: Held, in_force: Held) -> dict[str, Any]:
    """Write down how many lessons there were, and what was read right of what was held."""
    return {
        "corrections": len(lessons),
        "held": held,
        "texts_right": {
            topic: {"new": one.right, "bundled": bundled.texts[topic].right, "of": one.of}
            for topic, one in new.texts.items()
        },
        "corrections_right": {
            topic: {"new": one.right, "in_force": in_force.corrections[topic].right, "of": one.of}
            for topic, one in new.corrections.items()
        },
    }
