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


def test_a_database_of_a_later_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigError, match="is at revision 9999"):
        require_current(database)
