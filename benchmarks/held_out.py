"""Models that have not seen the messages they are asked about."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.labelled import Labelled
from faultdesk.handlers.host import Host
from faultdesk_classify import ClassifyHandler
from faultdesk_classify.learned.tokens import Written, written
from faultdesk_classify.terms import loaded_terms
from faultdesk_classify.training.chain import train_chain
from faultdesk_classify.training.linear import lesson_of, train_linear
from faultdesk_classify.training.texts import Sample, samples

_FOLDS = 5


@contextmanager
def unbiased_hosts(given: Sequence[Labelled]) -> Iterator[list[Host]]:
    """Give for each message a host whose model was not trained on it: the bundled one, or of a fold of five."""
    texts = samples()
    taught = {_bare(sample.written) for sample in texts}
    known = [at for at, one in enumerate(given) if _bare(written(one.message)) in taught]
    hosts = [Host({"classify": ClassifyHandler()})] * len(given)
    with TemporaryDirectory() as folder:
        for fold in range(_FOLDS if known else 0):
            held = known[fold::_FOLDS]
            others = _without(texts, [given[at] for at in held])
            model, linear = Path(folder) / f"{fold}.crfsuite", Path(folder) / f"{fold}.linear"
            train_chain(others, model)
            linear.write_bytes(train_linear([lesson_of(sample) for sample in others], loaded_terms(None)))
            host = Host({"classify": ClassifyHandler(model=model, linear=linear)})
            for at in held:
                hosts[at] = host
        yield hosts


def _without(texts: Sequence[Sample], held: Sequence[Labelled]) -> list[Sample]:
    out = {_bare(written(one.message)) for one in held}
    return [sample for sample in texts if _bare(sample.written) not in out]


def _bare(text: Written) -> str:
    return "".join(text.text.split())
