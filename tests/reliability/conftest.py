from collections.abc import Iterator

import pytest

from end_to_end.played import RealDesk
from reliability.mails import MAILS, Outcome, outcome
from servers.dovecot import Dovecot
from servers.smtp import SmtpSink


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Outcome]:
    """How the mails end when nothing happens."""
    with SmtpSink() as sink:
        desk = RealDesk(tmp_path_factory.mktemp("undisturbed"), dovecot.new_account(), sink, "sqlite:///f.db")
        desk.command("migrate")
        desk.account.deliver(*MAILS)
        desk.command("run", "--drain")
        yield outcome(desk)
