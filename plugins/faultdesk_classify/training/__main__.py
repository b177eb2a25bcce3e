"""make train: learns from the texts in this package, and writes what the handler reads by."""

from pathlib import Path

import faultdesk_classify.learned
from faultdesk_classify.training.chain import train_chain
from faultdesk_classify.training.texts import samples

if __name__ == "__main__":
    texts = samples()
    model = Path(faultdesk_classify.learned.__file__).with_name("chain.crfsuite")
    train_chain(texts, model)
    print(f"{len(texts)} texts, {model.stat().st_size} octets")  # noqa: T201 - a command
