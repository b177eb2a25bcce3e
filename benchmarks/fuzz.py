"""make fuzz: mails that were broken at random, read and classified until the time is up.

python -m benchmarks.fuzz [--minutes 10] [--seed N]

A message that breaks a rule is cut down by hypothesis to the fewest steps, told, and written to fuzz-failure.eml.
"""

import argparse
import random
import re
import resource
import sys
import time
from email import message_from_bytes
from email.errors import (
    InvalidBase64LengthDefect,
    InvalidBase64PaddingDefect,
    MissingHeaderBodySeparatorDefect,
)
from email.message import Message
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from faultdesk.domain.message import InboundMessage
from faultdesk.reading import read_message
from faultdesk_classify import ClassifyHandler
from reading.mutations import MUTATIONS, corpus, mutated

MOST_SECONDS, MOST_KIBIBYTES = 2.0, 200 * 1024
"""Of processor time, and of memory beyond what was held before."""
_A_ROUND = 1_000
_FAILURE = Path("fuzz-failure.eml")
_HANDLER = ClassifyHandler()

Recipe = tuple[str, list[tuple[str, int]]]


def recipes() -> st.SearchStrategy[Recipe]:
    """Choose a mail and what is done to it."""
    step = st.tuples(st.sampled_from(sorted(MUTATIONS)), st.integers(0, 2**32))
    return st.tuples(st.sampled_from(sorted(corpus())), st.lists(step, min_size=1, max_size=6))


def check(raw: bytes) -> None:
    """Read and classify a message; raise AssertionError for what must never be."""
    began, held = time.process_time(), _peak()
    message = read_message(raw)
    about = _HANDLER.classify_message(message)
    took, grew = time.process_time() - began, _peak() - held
    assert took < MOST_SECONDS, f"it takes {took:.1f} s"
    assert grew < MOST_KIBIBYTES, f"it takes {grew} KiB"
    written = msgspec.json.encode((message, about)).decode()  # a lone surrogate is refused here
    assert "\0" not in written
    assert "\\u0000" not in written, "PostgreSQL takes no NUL"
    travelled = msgspec.json.decode(msgspec.json.encode(message), type=InboundMessage)
    assert travelled == message
    assert (travelled.date and travelled.date.utcoffset()) == (message.date and message.date.utcoffset())
    assert _says_something(message) or not _has_text(raw), (
        "the text of a part is lost, and no problem says so"
    )


def _says_something(message: InboundMessage) -> bool:
    """Tell whether anything was read; of a machine's report nothing need be."""
    words = f"{message.text}{message.quoted}{message.signature}{message.attached_text}".strip()
    return bool(words or message.problems or message.automatic)


def _has_text(raw: bytes) -> bool:
    """Tell whether the standard library alone finds a text that is no attachment and has words."""
    message = message_from_bytes(raw)
    # Else what the library takes for the body is the rest of a header that was broken.
    has_body = not any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in message.defects)
    return has_body and any(_is_text(part) for part in message.walk())


def _is_text(part: Message) -> bool:
    if part.is_multipart() or part.get_content_type() not in {"text/plain", "text/html"}:
        return False
    payload = part.get_payload(decode=True)
    disposition = str(part.get("content-disposition", "")).lower()
    # Of base64 that lost digits the library gives the digits.
    if "attachment" in disposition or not isinstance(payload, bytes) or any(map(_lost_digits, part.defects)):
        return False
    # What a person sees, roughly: no tags, no hidden elements.
    return re.search(rb"[a-z]{3}", re.sub(rb"(?s)<.*?>|<.*|&\w+;", b"", payload)) is not None


def _lost_digits(defect: object) -> bool:
    return isinstance(defect, InvalidBase64LengthDefect | InvalidBase64PaddingDefect)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read_broken_mails(seed_of_round: int, messages: int) -> None:
    """Break, read and check; the same seed gives the same mails."""

    @seed(seed_of_round)
    @settings(
        max_examples=messages,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(recipes())
    def broken_mails_are_read(recipe: Recipe) -> None:
        raw = mutated(corpus()[recipe[0]], recipe[1])
        try:
            check(raw)
        except BaseException:
            _FAILURE.write_bytes(raw)
            raise

    broken_mails_are_read()


def main() -> int:
    """Go on until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    until = time.monotonic() + options.minutes * 60
    rounds = 0
    while time.monotonic() < until:
        read_broken_mails(options.seed + rounds, _A_ROUND)
        rounds += 1
    print(f"{rounds * _A_ROUND} messages from seed {options.seed}, none broke a rule")
    return 0


if __name__ == "__main__":
    sys.exit(main())
