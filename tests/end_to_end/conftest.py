from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.played import RealDesk
from servers.dovecot import MailAccount
from servers.smtp import SmtpSink


@pytest.fixture
def desk(tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink) -> Iterator[RealDesk]:
    played = RealDesk(tmp_path, account, smtp_sink, "sqlite:///faultdesk.db")
    played.command("migrate")
    yield played
    played.close()


@pytest.fixture
def desk_on_either(
    tmp_path: Path, account: MailAccount, smtp_sink: SmtpSink, database_url: str
) -> Iterator[RealDesk]:
    played = RealDesk(tmp_path, account, smtp_sink, database_url)
    played.command("migrate")
    yield played
    played.close()
