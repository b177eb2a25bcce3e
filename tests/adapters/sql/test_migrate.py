import pytest

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import differences, migrate, require_current
from faultdesk.errors import ConfigError


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
