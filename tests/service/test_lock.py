import pytest

from faultdesk.adapters.sql.database import Database
from faultdesk.errors import TransientError
from faultdesk.service.lock import sole_daemon


def test_two_daemons_do_not_work_on_one_database(database: Database) -> None:
    other = Database(database.url.render_as_string(hide_password=False))

    with (
        sole_daemon(database),
        pytest.raises(TransientError, match="another faultdesk daemon"),
        sole_daemon(other),
    ):
        pass

    other.close()


def test_the_next_daemon_may_work_once_the_first_has_ended(database: Database) -> None:
    other = Database(database.url.render_as_string(hide_password=False))
    with sole_daemon(database):
        pass

    with sole_daemon(other):
        pass

    other.close()
