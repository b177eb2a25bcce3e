"""`make fuzz` in its short form: the same broken mails each time."""

from benchmarks.fuzz import read_broken_mails


def test_mails_broken_in_a_thousand_ways_are_read_without_loss() -> None:
    read_broken_mails(seed_of_round=1, messages=1_000)
