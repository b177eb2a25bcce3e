"""What is new in a mail: the share of a corpus of mail programs' quoting that is parted as a clerk would.

python -m benchmarks.new_words [FOLDER]

FOLDER holds NAME.eml with NAME.json: `new` the writer's own words with the signature, `quoted` words of the
history, `footers` what the program or the firm adds, which belongs to neither.
"""

import argparse
import json
import re
from pathlib import Path
from typing import NamedTuple

from faultdesk.reading import read_message

CORPUS = Path(__file__).parents[1] / "tests" / "data" / "quoting"
_BLANK = re.compile(r"-{5,}|^-- ?$|[\s\u00a0\u200b-\u200f\ufeff*]", re.MULTILINE)


class Parting(NamedTuple):
    """A mail, and the sentences that say what was parted wrongly."""

    name: str
    wrong: tuple[str, ...]


def partings(folder: Path = CORPUS) -> list[Parting]:
    """Read every mail of a folder and compare."""
    return [_parting(file) for file in sorted(folder.glob("*.eml"))]


def _parting(file: Path) -> Parting:
    truth = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    message = read_message(file.read_bytes())
    text, signature, quoted = (_bare(part) for part in (message.text, message.signature, message.quoted))
    for footer in truth["footers"]:
        signature = signature.replace(_bare(footer), "")
    wrong = [f"not among the history: {words}" for words in truth["quoted"] if _bare(words) not in quoted]
    if text + signature != _bare(truth["new"]):
        wrong.append(f"new: {text + signature}\n  instead of: {_bare(truth['new'])}")
    return Parting(file.stem, tuple(wrong))


def _bare(text: str) -> str:
    return _BLANK.sub("", text)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=CORPUS)
    read = partings(parser.parse_args().folder)
    for one in read:
        for words in one.wrong:
            print(f"{one.name}: {words}")
    right = sum(not one.wrong for one in read)
    print(f"parted as a clerk would: {right} of {len(read)} mails ({right / max(len(read), 1):.2f})")


if __name__ == "__main__":
    main()
