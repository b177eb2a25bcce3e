from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from faultdesk.config import Config, load_config
from faultdesk.config.load import convert_table
from faultdesk.config.settings import ImapSettings, MaildirSettings, Security, SmtpSettings
from faultdesk.errors import ConfigError
from faultdesk_sla import SlaHandler

GOOD = """
[desk]
name = "desk"
address = "service@faultdesk.example"
signing_key = { file = "signing.key" }

[database]
url = "sqlite:///faultdesk.db"

[mailboxes.inbox]
type = "maildir"
path = "inbox"

[mailer]
type = "maildir"
path = "/var/mail/out"

[handlers.sla]
respond_within = "PT2H"
"""


def load(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "faultdesk.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def complaints(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return [line.partition("faultdesk.toml: ")[2] for line in str(caught.value).splitlines()]


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)

    assert config.mailboxes["inbox"] == MaildirSettings(path=tmp_path / "inbox")
    assert config.desk.signing_key.file == tmp_path / "signing.key"
    assert config.database.url == f"sqlite:///{tmp_path}/faultdesk.db"


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).mailer.path == Path("/var/mail/out")  # type: ignore[union-attr]


def test_an_unknown_key_is_refused_with_its_path(tmp_path: Path) -> None:
    text = GOOD.replace('path = "inbox"', 'path = "inbox"\npasword = "x"')

    assert complaints(tmp_path, text) == ["mailboxes.inbox: object contains unknown field `pasword`"]


def test_a_word_that_is_no_choice_is_refused_with_those_there_are() -> None:
    errors: list[str] = []
    raw = {
        "levels": [{"at": 1, "to": ["lead"], "clocks": ["onsite"]}],
        "by_severity": {"urgent": {}},
        "on_site_kinds": ["faults"],
    }

    convert_table(raw, SlaHandler, "handlers.sla", Path(), errors)

    assert len(errors) == 3
    assert any("handlers.sla.levels[0].clocks[0]: " in one and "response, on_site" in one for one in errors)
    assert any("by_severity: " in one and "critical, high, normal, low" in one for one in errors)
    assert any("on_site_kinds[0]: " in one and "there are fault, " in one for one in errors)


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    assert "mailer2: no such table" in complaints(tmp_path, GOOD + "[mailer2]\n")[0]


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace('name = "desk"', 'name = 5\ncolour = "red"')
        .replace("service@faultdesk.example", "nobody")
        .replace('path = "inbox"', "")
        + '[jobs]\nworkers = "many"\nattempts = "few"\n'
    )

    said = "\n".join(complaints(tmp_path, text))

    assert "desk.name: expected `str`, got `int`" in said
    assert "desk: object contains unknown field `colour`" in said
    assert "mailboxes.inbox: object missing required field `path`" in said
    assert "jobs.workers: expected `int`, got `str`" in said
    assert "jobs.attempts: expected `int`, got `str`" in said


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    assert (
        complaints(
            tmp_path, GOOD.replace("[mailer]", "[log]").replace('type = "maildir"\npath = "/var', 'x="')
        )
        != []
    )
    assert "mailer: this table is missing" in complaints(tmp_path, GOOD.partition("[mailer]")[0])


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    assert complaints(tmp_path, GOOD.replace("service@faultdesk.example", "nobody")) == [
        "desk.address: nobody is not a mail address"
    ]


@pytest.mark.parametrize("zone", ["Asia/Beijing2", "Asia", "../etc"])
def test_a_time_zone_nobody_knows_is_refused(tmp_path: Path, zone: str) -> None:
    text = GOOD.replace('name = "desk"', 'name = "desk"\ntime_zone = "' + zone + '"')

    assert complaints(tmp_path, text) == [f"desk.time_zone: {zone} is not an IANA time zone"]


class Careless(msgspec.Struct):
    def __post_init__(self) -> None:
        raise KeyError("zone")


def test_a_handler_whose_own_checks_fail_is_a_complaint(tmp_path: Path) -> None:
    errors: list[str] = []

    assert convert_table({}, Careless, "handlers.mine", tmp_path, errors) is None
    assert errors == ["handlers.mine: KeyError: 'zone'"]


def test_several_daemons_need_one_maildir_for_all(tmp_path: Path) -> None:
    text = GOOD.replace("sqlite:///faultdesk.db", "postgresql+psycopg://db.example/faultdesk")
    text += '[jobs]\nengine = "procrastinate"\n'

    assert complaints(tmp_path, text) == [
        "mailboxes.inbox.path: must be absolute, and name storage that all daemons share (jobs.engine)"
    ]


def test_the_engine_of_several_daemons_wants_postgresql(tmp_path: Path) -> None:
    text = GOOD + '[jobs]\nengine = "procrastinate"\n'

    assert complaints(tmp_path, text) == [
        "jobs.engine: procrastinate works on PostgreSQL only, see database.url"
    ]


def test_a_file_that_is_no_toml_says_where(tmp_path: Path) -> None:
    assert "line 1" in complaints(tmp_path, "[desk\n")[0]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        load_config(tmp_path / "none.toml")


def test_the_example_file_is_a_configuration() -> None:
    config = load_config(Path(__file__).parents[2] / "faultdesk.example.toml")

    imap = config.mailboxes["service"]
    assert isinstance(imap, ImapSettings)
    assert imap.security is Security.TLS
    assert imap.timeout == timedelta(seconds=20)
    assert isinstance(config.mailer, SmtpSettings)
