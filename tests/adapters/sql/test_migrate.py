from datetime import timedelta

import pytest
from alembic import command

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.listings import Wanted, tickets
from faultdesk.adapters.sql.migrate import differences, migrate, require_current
from faultdesk.adapters.sql.revisions import alembic_config
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.errors import ConfigError
from faultdesk.handlers.testing import a_message
from faultdesk_sla import SlaHandler
from pipeline.desk import NOON, PlayedDesk


def test_an_empty_database_is_refused_with_what_to_do(database_url: str) -> None:
    database = Database(database_url)

    with pytest.raises(ConfigError, match="run `faultdesk migrate`"):
        require_current(database)

    database.close()


def test_a_migrated_database_has_exactly_the_tables_of_this_version(database: Database) -> None:
    require_current(database)

    assert differences(database) == []


def test_migrating_twice_does_nothing(database: Database) -> None:
    before, after = migrate(database)

    assert before == after


def test_a_later_version_s_database_is_worked_on_as_long_as_it_suffers_that(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    require_current(database)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE schema SET oldest_program = '9998'")

    with pytest.raises(ConfigError, match="at revision 9999, which needs a program of 9998"):
        require_current(database)


def test_a_later_version_s_database_is_not_migrated(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigError, match="is at revision 9999, later than this version's"):
        migrate(database)


def test_an_open_ticket_of_an_older_version_has_its_next_deadline_after_the_migration(
    database: Database,
) -> None:
    desk = PlayedDesk(SqlStore(database), {"sla": SlaHandler()})
    desk.decide(a_message())
    config = alembic_config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")

    migrate(database)

    with database.read() as connection:
        (row,) = tickets(connection, Wanted(by_deadline=True), 10)
    assert row["due"] == row["response_due"] == NOON + timedelta(hours=2)
