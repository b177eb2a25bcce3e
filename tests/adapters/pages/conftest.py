from collections.abc import Iterator

import pytest

from faultdesk.adapters.pages.readers import PageLimits, PageReaders
from servers.faxline import FaxLine


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> FaxLine:
    return FaxLine(tmp_path_factory.mktemp("faxline"))


@pytest.fixture(scope="session")
def readers() -> Iterator[PageReaders]:
    """Read with the models; a machine that is busy with other tests may take its time."""
    readers = PageReaders({"ocr": {}}, PageLimits(seconds=120))
    yield readers
    readers.close()


@pytest.fixture
def decoders() -> Iterator[PageReaders]:
    """Take documents apart, and read nothing: no handler is there that could."""
    readers = PageReaders({}, PageLimits(pages=5))
    yield readers
    readers.close()
