"""make train: learns from the texts in this package, and writes what the handler reads by."""

from pathlib import Path

import faultdesk_classify.learned
from faultdesk_classify.learned.linear import BUNDLED
from faultdesk_classify.terms import load_terms, loaded_terms
from faultdesk_classify.training.chain import train_chain
from faultdesk_classify.training.linear import lesson_of, train_linear
from faultdesk_classify.training.texts import samples

if __name__ == "__main__":
    texts = samples()
    folder = Path(faultdesk_classify.learned.__file__).parent
    load_terms(None)
    linear = train_linear([lesson_of(sample) for sample in texts], loaded_terms(None))
    (folder / BUNDLED).write_bytes(linear)
    train_chain(texts, folder / "chain.crfsuite")
    octets = (folder / "chain.crfsuite").stat().st_size
    print(f"{len(texts)} texts, {len(linear)} and {octets} octets")  # noqa: T201 - a command
