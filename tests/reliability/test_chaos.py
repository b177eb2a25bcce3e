"""`make chaos` in its short form."""

import random
from pathlib import Path

from benchmarks.chaos import storm

from servers.dovecot import MailAccount


def test_killed_at_random_moments_while_mail_comes_in_nothing_is_lost_or_doubled(
    tmp_path: Path, account: MailAccount, database_url: str
) -> None:
    seed = random.SystemRandom().randrange(10**6)

    count = storm(tmp_path, account, database_url, messages=120, kills=8, seed=seed, longest_life=1.5)

    assert (count.lost, count.doubled, count.unsent, count.changed, count.unanswered) == (0, 0, 0, 0, 0), seed
    assert count.twice <= count.kills  # the window is one statement wide; how often it is hit is measured
