"""How the mail programs of offices quote, sign and close: one mail of each in tests/data/quoting."""

import pytest
from benchmarks.new_words import Parting, partings


@pytest.mark.parametrize("one", partings(), ids=lambda one: one.name)
def test_new_words_are_parted_from_history_and_footers(one: Parting) -> None:
    assert not one.wrong
