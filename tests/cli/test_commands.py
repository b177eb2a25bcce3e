"""The commands, as an operator types them, on the embedded default."""

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from end_to_end.played import FAULTDESK
from servers.process import free_port

FAX_MAILS = Path(__file__).parents[1] / "data/faxes/mails"
MAIL = b"""From: Li Ming <liming@owner.example>
To: service@faultdesk.example
Subject: camera 4 is dark
Message-ID: <1@owner.example>

Camera 4 at the east gate shows no picture since this morning. Please send somebody.
"""


def run(*arguments: object, expect: int = 0) -> str:
    ran = subprocess.run([*FAULTDESK, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ran.returncode == expect, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture
def config(tmp_path: Path) -> Path:
    run("init", tmp_path / "desk")
    file = tmp_path / "desk" / "faultdesk.toml"
    run("--config", file, "migrate")
    return file


@pytest.fixture
def drained(config: Path) -> Path:
    (config.parent / "inbox/new/1.a.b").write_bytes(MAIL)
    run("--config", config, "run", "--drain")
    return config


def rows(config: Path, *arguments: object) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run("--config", config, *arguments, "--json"))
    return listed


def test_init_writes_a_desk_that_checks_and_runs(config: Path) -> None:
    assert "all is well and within reach" in run("--config", config, "check", "--online")
    assert (config.parent / "signing.key").stat().st_mode & 0o077 == 0


def test_init_does_not_overwrite(config: Path) -> None:
    assert "is there already" in run("init", config.parent, expect=78)


def test_the_embedded_default_answers_a_mail_dropped_into_its_maildir(drained: Path) -> None:
    assert rows(drained, "tickets")[0]["subject"] == "camera 4 is dark"
    assert len(list((drained.parent / "outbox/new").iterdir())) == 2


def test_the_configuration_comes_from_the_environment_too(
    drained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTDESK_CONFIG", str(drained))

    assert "camera 4 is dark" in run("tickets")


def test_check_says_everything_at_once(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    (config.parent / "signing.key").unlink()
    wrong = {
        'duty = "': 'night = "',
        'time_zone = "Asia/Shanghai"': 'time_zone = "Asia/Shanghai"\ncolour = "red"',
        'path = "outbox"': "path = 5",
        "[handlers.acknowledge]": '[handlers.acknowledge]\ntemplates = "nowhere"',
        'respond_within = "PT2H"': 'respond_within = "-PT2H"',
    }
    for right, instead in wrong.items():
        assert right in text
        text = text.replace(right, instead)
    config.write_text(text + "[handlers.weather]\n", encoding="utf-8")

    said = run("--config", config, "check", expect=78)

    for complaint in (
        "desk: object contains unknown field `colour`",
        "mailer.path: expected a path, got int",
        "handlers.weather: not installed",
        "handlers.dispatch: object contains unknown field `night`",
        "handlers.acknowledge: templates:",
        "handlers.sla: respond_within: must be longer than nothing",
    ):
        assert complaint in said


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('duty = "duty@faultdesk.example"', 'duty = "nonsense"', "duty: nonsense is not a mail address"),
        (
            "[handlers.sla]",
            '[handlers.sla]\nlevels = [{ at = 1, to = ["x@"] }]',
            "handlers.sla: levels: x@ is not a mail address",
        ),
        (
            "[handlers.sla]",
            '[handlers.sla]\nlevels = [{ at = 0, to = ["lead"] }]',
            "levels[0].at: expected `float` > 0",
        ),
        (
            'address = "wang@faultdesk.example"',
            'address = "Wang"',
            "people.wang.address: Wang is not a mail address",
        ),
        ('post = "lead"', 'post = "chef"', "people.chen.post: invalid enum value 'chef'"),
        ('post = "lead"', 'substitute = "li"', "people.chen.substitute: li is nobody of people"),
        ('name = "弱电客户服务中心"', 'name = ""', "desk.name"),
        ("[database]", "[jobs]\nworkers = 0\n[database]", "jobs.workers"),
        ("[database]", '[log]\nlevel = "verbose"\n[database]', "log.level"),
        (
            'type = "maildir"\npath = "inbox"',
            'type = "maildir"\npath = "inbox"\npoll = "-PT5S"',
            "mailboxes.inbox: poll",
        ),
    ],
)
def test_check_names_a_value_that_would_break_the_desk(
    config: Path, right: str, wrong: str, complaint: str
) -> None:
    text = config.read_text(encoding="utf-8")
    assert right in text
    config.write_text(text.replace(right, wrong, 1), encoding="utf-8")

    assert complaint in run("--config", config, "check", expect=78)


@pytest.mark.parametrize(
    ("fax", "complaint"),
    [
        ('own_fone = "1"', "fax: object contains unknown field `own_fone`"),
        ('quiet_from = "25:00"', "quiet_from: must be a time"),
        ('quiet_from = "07:00"', "quiet_from: is the same as quiet_to"),
        ('private_numbers = ["020-87561235"]', "private_numbers: 020-87561235: must be E.164"),
        ('sender = { type = "hylafax", receipt_within = "30m" }', "fax.sender.receipt_within"),
        (
            'sender = { type = "hylafax", receipt_within = "-PT30M" }',
            "sender.receipt_within: is less than nothing",
        ),
        ('sender = { type = "mail", address = "{e146}@fax.example" }', "fax.sender: address"),
    ],
)
def test_check_names_what_is_wrong_with_faxes(config: Path, fax: str, complaint: str) -> None:
    config.write_text(config.read_text(encoding="utf-8") + f"[fax]\n{fax}\n", encoding="utf-8")

    assert complaint in run("--config", config, "check", expect=78)


def test_check_warns_of_a_folder_whose_files_no_gateway_brings(config: Path) -> None:
    folder = '[mailboxes.scans]\ntype = "folder"\npath = "scans"\n'
    config.write_text(config.read_text(encoding="utf-8") + folder, encoding="utf-8")

    said = run("--config", config, "check")

    assert "mailboxes.scans: no [handlers.fax] gateway has the sender scans@folder.invalid" in said


def test_check_online_looks_for_the_fax_gateway(config: Path) -> None:
    fax = f'[fax.sender]\ntype = "hylafax"\nport = {free_port()}\n'
    config.write_text(config.read_text(encoding="utf-8") + fax, encoding="utf-8")

    assert "warning: fax.sender: without [handlers.fax] gateways" in run("--config", config, "check")
    assert "faxstat: Can not reach service" in run("--config", config, "check", "--online", expect=78)


def test_password_of_the_fax_gateway_that_is_not_there_is_named(config: Path) -> None:
    fax = '[fax.sender]\ntype = "hylafax"\npassword = { file = "fax.password" }\n'
    config.write_text(config.read_text(encoding="utf-8") + fax, encoding="utf-8")

    assert "fax.sender.password: " in run("--config", config, "check", expect=78)


def test_check_names_a_font_that_faxes_want(config: Path) -> None:
    fax = '[fax]\nfonts = ["No Such Face"]\n[fax.sender]\ntype = "mail"\naddress = "{digits}@fax.example"\n'
    config.write_text(config.read_text(encoding="utf-8") + fax, encoding="utf-8")

    assert "fax.fonts: not installed: No Such Face" in run("--config", config, "check", expect=78)


def test_check_warns_of_what_is_no_mistake_and_helps_nobody(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    skilled = text.replace('name = "王工"', 'name = "王工"\nsystems = ["cctv", "cctvv"]', 1)
    levels = '[handlers.sla]\nlevels = [{ at = 1.0, to = ["channel:sms"] }]'
    config.write_text(f"{skilled.replace('[handlers.sla]', levels, 1)}\n[handlers.fax]\n", encoding="utf-8")

    said = run("--config", config, "check")

    for warning in (
        "people.wang.systems: cctvv is a system only if",
        "no handler performs sms.tell",
        "without [handlers.ocr] no page is read",
        "no mistakes, see the warnings",
    ):
        assert warning in said
    assert "cctv is a system" not in said


def test_check_finds_a_missing_secret_beside_other_faults(config: Path) -> None:
    (config.parent / "signing.key").unlink()
    config.write_text(config.read_text(encoding="utf-8").replace('path = "outbox"', ""), encoding="utf-8")

    said = run("--config", config, "check", expect=78)

    assert "mailer: object missing required field `path`" in said
    assert "desk.signing_key" in said


def test_a_database_that_was_not_migrated_is_refused(tmp_path: Path) -> None:
    run("init", tmp_path)

    assert "run `faultdesk migrate`" in run(
        "--config", tmp_path / "faultdesk.toml", "run", "--drain", expect=78
    )


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    assert "none.toml: No such file" in run("--config", tmp_path / "none.toml", "tickets", expect=78)


def test_ticket_shows_what_was_written_and_what_happened(drained: Path) -> None:
    reference = rows(drained, "tickets")[0]["reference"]

    shown = run("--config", drained, "ticket", reference)

    for told in ("east gate", "acknowledgement to liming@owner.example", "response", "opened", "mail_sent"):
        assert told in shown


def test_a_ticket_that_is_not_there_is_an_error(drained: Path) -> None:
    assert "no ticket FD-2026-999999" in run("--config", drained, "ticket", "FD-2026-999999", expect=1)


def test_a_recovery_in_the_future_is_refused(drained: Path) -> None:
    reference = rows(drained, "tickets")[0]["reference"]
    options = ("--cause", "c", "--method", "m", "--recovered-at", "2999-01-01T00:00")

    assert "must lie between the notice" in run("--config", drained, "resolve", reference, *options, expect=1)


def test_a_second_resolution_is_sent_only_when_it_is_meant(drained: Path) -> None:
    (ticket,) = rows(drained, "tickets")
    minute = ticket["noticed_at"][:16] + "+00:00"  # the notice's own minute
    options = ("--cause", "c", "--method", "m", "--recovered-at", minute)
    run("--config", drained, "resolve", ticket["reference"], *options)

    said = run("--config", drained, "resolve", ticket["reference"], *options, expect=1)

    assert "is resolved already" in said
    run("--config", drained, "resolve", ticket["reference"], *options, "--again")


def test_clients_mails_are_read_by_nobody_else(drained: Path) -> None:
    kept = [drained.parent / "faultdesk.db", *(drained.parent / "outbox/new").iterdir()]

    assert [path for path in kept if path.stat().st_mode & 0o077] == []


def test_inbox_shows_the_octets_as_they_came(drained: Path) -> None:
    ran = subprocess.run(
        [*FAULTDESK, "--config", drained, "inbox", "show", "1", "--raw"], capture_output=True, check=True
    )

    assert ran.stdout == MAIL


def test_inbox_retry_of_a_handled_message_is_refused(drained: Path) -> None:
    assert "has a ticket" in run("--config", drained, "inbox", "retry", "1", expect=1)


def test_an_ignored_message_can_be_retried(config: Path) -> None:
    robot = MAIL.replace(b"Subject:", b"Auto-Submitted: auto-replied\nSubject:")
    (config.parent / "inbox/new/1.a.b").write_bytes(robot)
    run("--config", config, "run", "--drain")
    assert rows(config, "inbox", "list", "--state", "ignored")[0]["reason"].startswith("automatic")

    run("--config", config, "inbox", "retry", "1")

    assert rows(config, "inbox", "list", "--state", "received")[0]["id"] == 1


@pytest.fixture
def unreadable(config: Path) -> Path:
    """A desk whose first message could not be read: its readers had no time for that much."""
    (config.parent / "inbox/new/1.a.b").write_bytes(MAIL + b"> and more of it\n" * 200_000)
    usual = config.read_text()
    config.write_text(usual + '\n[reading]\ntime = "PT0.000001S"\n')
    run("--config", config, "run", "--drain")
    config.write_text(usual)
    return config


def test_an_edited_message_is_put_back_into_the_ticket_that_said_it_was_unreadable(
    unreadable: Path, tmp_path: Path
) -> None:
    (before,) = rows(unreadable, "tickets")
    edited = tmp_path / "edited.eml"
    edited.write_bytes(MAIL.replace(b"east", b"west"))

    said = run("--config", unreadable, "inbox", "retry", "1", "--with", edited)
    run("--config", unreadable, "run", "--drain")

    assert said == "message 2 will be triaged\n"
    assert [(row["state"], row["reason"]) for row in rows(unreadable, "inbox", "list")] == [
        ("ignored", "put back as message 2"),
        ("done", None),
    ]
    assert [row["reference"] for row in rows(unreadable, "tickets")] == [before["reference"]]
    assert "west gate" in run("--config", unreadable, "ticket", before["reference"])


def test_what_could_not_be_read_can_be_tried_again_as_it_is(unreadable: Path) -> None:
    run("--config", unreadable, "inbox", "retry", "1")
    run("--config", unreadable, "run", "--drain")

    (row,) = rows(unreadable, "inbox", "list")
    (ticket,) = rows(unreadable, "tickets")
    assert (row["state"], row["ticket"]) == ("done", ticket["reference"])
    assert "east gate" in run("--config", unreadable, "ticket", ticket["reference"])


def test_every_parked_job_can_be_tried_again_at_once(drained: Path) -> None:
    waiting = rows(drained, "jobs", "list")
    with closing(sqlite3.connect(drained.parent / "faultdesk.db")) as database, database:
        database.execute("UPDATE job SET state = 'parked', tries = 8")

    assert run("--config", drained, "jobs", "retry", "--parked") == "2 jobs run at the daemon's next tick\n"

    retried = rows(drained, "jobs", "list")
    assert {row["id"]: row["state"] for row in retried} == {row["id"]: "due" for row in waiting}


def test_jobs_are_listed_shown_and_dropped(drained: Path) -> None:
    unanswered, timer = rows(drained, "jobs", "list")
    assert (unanswered["kind"], timer["kind"]) == ("dispatch.unanswered", "sla.check")

    assert "sla.check" in run("--config", drained, "jobs", "show", timer["id"])
    run("--config", drained, "jobs", "drop", timer["id"])

    assert rows(drained, "jobs", "list") == [unanswered]


def test_handlers_are_listed_in_their_order(config: Path) -> None:
    listed = rows(config, "handlers")

    assert [row["name"] for row in listed if row["enabled"]] == [
        "classify",
        "sla",
        "acknowledge",
        "dispatch",
        "report",
    ]
    assert "classify_message" in listed[0]["hooks"]


def test_read_tells_what_a_mail_would_become_one_object_a_line(config: Path, tmp_path: Path) -> None:
    mail, fax = tmp_path / "1.eml", tmp_path / "fax.tif"
    mail.write_bytes(MAIL)
    fax.write_bytes(b"II*\0")

    lines = run("--config", config, "read", mail, fax, "--json").splitlines()

    told, faxed = map(json.loads, lines)
    keys = "subject from to cc date message_id references channel language automatic text quoted attachments "
    assert set((keys + "classification facts spans acknowledge").split()) <= set(told)
    assert set(told["classification"]) >= {
        "kind",
        "fault_class",
        "system",
        "severity",
        "confidence",
        "evidence",
    }
    assert told["acknowledge"]["send"] is True
    assert told["classification"]["system"] == "cctv"
    assert faxed["channel"] == "fax"
    assert faxed["acknowledge"] == {"send": False, "reason": "the message names no sender"}


def test_read_tells_which_fax_a_gateways_mail_brings_and_what_became_of_ours(config: Path) -> None:
    with config.open("a", encoding="utf-8") as settings:
        settings.write(
            '\n[handlers.fax]\ngateways.pbx = { dialect = "freepbx", senders = ["fax@pbx.example"] }\n'
        )
    mails = (FAX_MAILS / name for name in ("freepbx-nameless.eml", "freepbx-failed.eml", "any-sent.eml"))

    lines = run("--config", config, "read", *mails, "--json").splitlines()

    fax, receipt, stranger = map(json.loads, lines)
    assert (fax["fax"]["gateway"], fax["fax"]["station"], fax["receipt"]) == ("pbx", "GZ TOWER", None)
    assert (receipt["fax"], receipt["receipt"]["outcome"]) == (None, "failed")
    assert receipt["receipt"]["number"] == "+862088882222"
    assert (stranger["fax"], stranger["receipt"]) == (None, None)


def test_read_needs_no_configuration(tmp_path: Path) -> None:
    mail = tmp_path / "1.eml"
    mail.write_bytes(MAIL)

    assert json.loads(run("read", mail, "--json"))["subject"] == "camera 4 is dark"


def test_read_of_a_file_that_is_not_there_names_it(tmp_path: Path) -> None:
    assert "none.eml: No such file" in run("read", tmp_path / "none.eml", expect=1)


def test_a_second_daemon_on_the_same_file_is_refused(config: Path) -> None:
    import fcntl  # noqa: PLC0415 - only here

    with (config.parent / "faultdesk.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert "another faultdesk daemon" in run("--config", config, "run", "--drain", expect=75)


def test_the_version_is_told() -> None:
    assert run("--version").startswith("faultdesk ")


def test_classify_corrects_a_ticket_and_names_what_it_does_not_know(drained: Path) -> None:
    (ticket, *_) = json.loads(run("--config", drained, "tickets", "--all", "--json"))
    reference = ticket["reference"]

    run("--config", drained, "classify", reference, "fault/hardware", "parking", "high", "--by", "wang")

    (shown,) = json.loads(run("--config", drained, "ticket", reference, "--json"))
    about = shown["classification"]
    told = (about["kind"], about["fault_class"], about["system"], about["severity"])
    assert told == ("fault", "hardware", "parking", "high")
    event = shown["events"][-1]
    assert (event["kind"], event["actor"]) == ("reclassified", "wang")
    said = run("--config", drained, "classify", reference, "Gate-3!", expect=1)
    assert "gate-3: no kind, fault class, severity or name of a system" in said


def test_client_names_whose_ticket_it_is_and_has_it_acknowledged_once(drained: Path) -> None:
    (ticket, *_) = json.loads(run("--config", drained, "tickets", "--all", "--json"))
    name = ("--config", drained, "client", ticket["reference"])

    run(*name, "Chen Jing <Chen@client.example>", "--by", "wang")

    (shown,) = json.loads(run("--config", drained, "ticket", ticket["reference"], "--json"))
    assert shown["requester"] == {"address": "chen@client.example", "name": "Chen Jing"}
    assert {"person": shown["requester"], "role": "client"} in shown["participants"]
    (event,) = [event for event in shown["events"] if event["kind"] == "client_named"]
    assert event["actor"] == "wang"
    told = [one for one in shown["messages"] if one["recipients"] == ["chen@client.example"]]
    assert [one["purpose"] for one in told] == ["acknowledgement"]
    assert "is its client already" in run(*name, "chen@client.example", expect=1)
    assert "no address" in run(*name, "Chen", expect=1)


def test_a_word_that_nobody_knows_is_no_system_unless_it_is_said_to_be(drained: Path) -> None:
    reference = rows(drained, "tickets")[0]["reference"]

    assert "hardwre" in run("--config", drained, "classify", reference, "hardwre", expect=1)
    assert "system elevator" in run("--config", drained, "classify", reference, "elevator", "--new-system")
