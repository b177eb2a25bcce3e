import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from faultdesk import __version__
from faultdesk.adapters.imap import ImapMailbox
from faultdesk.config.settings import After, Security
from faultdesk.errors import ConfigError, MailboxUnavailableError
from servers.certificates import make_certificate
from servers.dovecot import Dovecot, MailAccount
from servers.mailboxes import MakeMailbox, collect_all, imap_settings
from servers.process import free_port
from servers.scripted import HANG_UP, SILENCE, TRICKLE, ScriptedImap

NOTICE = b"From: wang@client.example\r\nSubject: lift stands still\r\n\r\nHelp.\r\n"


def test_implicit_tls_with_a_trusted_certificate_collects(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE)
    server = account.server

    mailbox = mailbox_of(account, security=Security.TLS, port=server.tls_port, ca_file=server.ca_file)

    assert [message.content for message in collect_all(mailbox)[0]] == [NOTICE]


def test_starttls_with_a_trusted_certificate_protects_the_login(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE)

    mailbox = mailbox_of(account, security=Security.STARTTLS, ca_file=account.server.ca_file)

    assert [message.content for message in collect_all(mailbox)[0]] == [NOTICE]
    login = next(line for line in account.server.log.splitlines()[::-1] if f"user=<{account.user}>" in line)
    assert ", TLS," in login


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_certificate_of_a_stranger_is_refused(
    account: MailAccount, mailbox_of: MakeMailbox, security: Security, tmp_path: Path
) -> None:
    server = account.server
    port = server.tls_port if security is Security.TLS else server.port
    mailbox = mailbox_of(account, security=security, port=port, ca_file=make_certificate(tmp_path).authority)

    with pytest.raises(MailboxUnavailableError, match=r"desk: .*certificate is not trusted") as raised:
        mailbox.open()

    assert isinstance(raised.value.__cause__, ssl.SSLCertVerificationError)


def test_certificate_of_another_host_is_refused(tmp_path: Path, mailbox_of: MakeMailbox) -> None:
    certificate = make_certificate(tmp_path, names="DNS:mail.elsewhere.example")
    with ScriptedImap({}, capabilities="IMAP4rev1 STARTTLS", certificate=certificate) as server:
        mailbox = mailbox_of(server, security=Security.STARTTLS, ca_file=certificate.authority)

        with pytest.raises(
            MailboxUnavailableError, match=r"not valid for '127\.0\.0\.1'|IP address mismatch"
        ):
            mailbox.open()

    assert "LOGIN" not in server.verbs()


def test_certificate_whose_time_is_over_is_refused(tmp_path: Path, mailbox_of: MakeMailbox) -> None:
    certificate = make_certificate(tmp_path, expired=True)
    with ScriptedImap({}, capabilities="IMAP4rev1 STARTTLS", certificate=certificate) as server:
        mailbox = mailbox_of(server, security=Security.STARTTLS, ca_file=certificate.authority)

        with pytest.raises(MailboxUnavailableError, match="not trusted: certificate has expired"):
            mailbox.open()

    assert "LOGIN" not in server.verbs()


def test_server_without_starttls_never_gets_the_password(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap({}) as server:
        mailbox = mailbox_of(server, security=Security.STARTTLS)

        with pytest.raises(MailboxUnavailableError, match="desk: STARTTLS"):
            mailbox.open()

    assert server.verbs() == ["CAPABILITY"]


def test_server_that_refuses_starttls_never_gets_the_password(mailbox_of: MakeMailbox) -> None:
    answers = {"STARTTLS": b"{tag} NO not today\r\n"}
    with ScriptedImap(answers, capabilities="IMAP4rev1 STARTTLS") as server:
        mailbox = mailbox_of(server, security=Security.STARTTLS)

        with pytest.raises(MailboxUnavailableError, match="STARTTLS"):
            mailbox.open()

    assert "LOGIN" not in server.verbs()


def test_greeting_that_skips_the_login_is_refused(mailbox_of: MakeMailbox) -> None:
    with (
        ScriptedImap({}, capabilities="IMAP4rev1 STARTTLS", greeting=b"* PREAUTH come in\r\n") as server,
        pytest.raises(MailboxUnavailableError, match="STARTTLS"),
    ):
        mailbox_of(server, security=Security.STARTTLS).open()


def test_what_a_stranger_slips_in_before_starttls_is_not_believed(
    tmp_path: Path, mailbox_of: MakeMailbox
) -> None:
    certificate = make_certificate(tmp_path)
    answers = {
        "STARTTLS": b"{tag} OK go ahead\r\n* BYE forged\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n",
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK done\r\n",
    }
    with ScriptedImap(answers, certificate=certificate) as server:
        mailbox = mailbox_of(server, security=Security.STARTTLS, ca_file=certificate.authority)

        assert collect_all(mailbox) == ([], None)

    assert "LOGIN" in server.verbs()


def test_plain_text_to_another_machine_is_refused_before_anything_is_sent() -> None:
    class Elsewhere:
        host = "mail.client.example"
        port = 143

    with pytest.raises(
        ConfigError, match=r"mailboxes\.desk: .*mail\.client\.example needs allow_plain_text = true"
    ):
        ImapMailbox("desk", imap_settings(Elsewhere()), "secret")

    ImapMailbox("desk", imap_settings(Elsewhere(), allow_plain_text=True), "secret")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.9.9.9", "::1", "[::1]"])
def test_plain_text_to_this_machine_needs_no_leave(host: str) -> None:
    class Here:
        port = 143

        def __init__(self) -> None:
            self.host = host

    assert ImapMailbox("desk", imap_settings(Here()), "secret").name == "desk"


@pytest.mark.parametrize(
    "host", ["127.0.0.1.client.example", "localhost.client.example", "128.0.0.1", "10.0.0.1"]
)
def test_host_that_only_looks_like_this_machine_is_another(host: str) -> None:
    class There:
        port = 143

        def __init__(self) -> None:
            self.host = host

    with pytest.raises(ConfigError, match="allow_plain_text"):
        ImapMailbox("desk", imap_settings(There()), "secret")


def test_authority_file_that_is_none_is_a_configuration_error(dovecot: Dovecot, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")

    for file in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(ConfigError, match=rf"mailboxes\.desk: ca_file .*{file.name}"):
            ImapMailbox("desk", imap_settings(dovecot, ca_file=file), "secret")


def test_move_without_a_target_is_a_configuration_error(dovecot: Dovecot) -> None:
    with pytest.raises(ConfigError, match="needs move_to"):
        ImapMailbox("desk", imap_settings(dovecot, after=After.MOVE), "secret")


def test_who_we_are_is_told_after_the_login(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    mailbox_of(account).open()

    account.server.wait_for_log(f"ID sent: name=faultdesk, version={__version__}, vendor=faultdesk")
    line = next(line for line in account.server.log.splitlines() if "ID sent" in line)
    assert "imap(" in line  # by the session, not by the login process before it


def test_server_that_wants_to_know_who_we_are_lets_us_select(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap({}, capabilities="IMAP4rev1 ID") as server:
        mailbox_of(server).open()

    assert server.verbs() == ["CAPABILITY", "LOGIN", "CAPABILITY", "ID", "SELECT"]


def test_server_that_does_not_know_the_id_command_is_not_asked(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap({}) as server:
        mailbox_of(server).open()

    assert "ID" not in server.verbs()


def test_wrong_password_is_named_without_the_password(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    mailbox = mailbox_of(account, password="not this one")  # noqa: S106

    with pytest.raises(
        MailboxUnavailableError, match=rf"desk: log in as {account.user}.*AUTHENTICATIONFAILED"
    ) as raised:
        mailbox.open()

    assert "not this one" not in str(raised.value)


@pytest.mark.parametrize("password", ["pässwörd 密码", 'quo"te \\ back', "a b  c", "100%{x}"])
def test_password_of_any_letters_logs_in(dovecot: Dovecot, mailbox_of: MakeMailbox, password: str) -> None:
    mailbox = mailbox_of(dovecot.new_account(password=password))

    mailbox.open()

    assert collect_all(mailbox)[0] == []


def test_password_with_a_line_end_is_a_configuration_error(dovecot: Dovecot) -> None:
    with pytest.raises(ConfigError, match="control character") as raised:
        ImapMailbox("desk", imap_settings(dovecot), "secret\r\nA1 LOGOUT")

    assert "secret" not in str(raised.value)


def test_server_that_takes_no_password_here_does_not_get_one(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap({}, capabilities="IMAP4rev1 LOGINDISABLED") as server:
        with pytest.raises(MailboxUnavailableError, match="LOGINDISABLED"):
            mailbox_of(server).open()

        assert server.verbs() == ["CAPABILITY"]


def test_missing_folder_is_named(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    with pytest.raises(MailboxUnavailableError, match=r"desk: select Faults: .*doesn't exist"):
        mailbox_of(account, folder="Faults").open()


def test_folder_with_a_chinese_name_is_selected(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(NOTICE, folder="客户.报修 & Co")

    messages, _ = collect_all(mailbox_of(account, folder="客户.报修 & Co"))

    assert [message.content for message in messages] == [NOTICE]


def test_server_that_is_not_there_is_unavailable(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    with pytest.raises(MailboxUnavailableError, match=r"desk: connect: .*refused"):
        mailbox_of(account, port=free_port()).open()


def test_server_that_says_nothing_is_given_up(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap({}, greeting=b"") as server:
        mailbox = mailbox_of(server, timeout=timedelta(milliseconds=100))

        with pytest.raises(MailboxUnavailableError, match=r"desk: connect: .*timed out"):
            mailbox.open()


@pytest.mark.parametrize("verb", ["LOGIN", "SELECT", "UID SEARCH"])
def test_server_that_falls_silent_is_given_up(mailbox_of: MakeMailbox, verb: str) -> None:
    with ScriptedImap({verb: SILENCE, "SELECT": a_folder_of(1)} | {verb: SILENCE}) as server:
        mailbox = mailbox_of(server, timeout=timedelta(milliseconds=200))

        with pytest.raises(MailboxUnavailableError, match="timed out"):
            collect_all(mailbox)


@pytest.mark.parametrize("verb", ["LOGIN", "SELECT", "UID SEARCH"])
def test_server_that_trickles_is_given_up(mailbox_of: MakeMailbox, verb: str) -> None:
    with ScriptedImap({"SELECT": a_folder_of(1)} | {verb: TRICKLE}) as server:
        mailbox = mailbox_of(server, timeout=timedelta(milliseconds=200))

        with pytest.raises(MailboxUnavailableError, match="takes too long over its answer"):
            collect_all(mailbox)


@pytest.mark.parametrize("verb", ["LOGIN", "SELECT", "UID SEARCH"])
@pytest.mark.parametrize("farewell", [HANG_UP, b"* BYE going down\r\n" + HANG_UP, b"{tag} OK do" + HANG_UP])
def test_server_that_hangs_up_is_unavailable(mailbox_of: MakeMailbox, verb: str, farewell: bytes) -> None:
    with (
        ScriptedImap({"SELECT": a_folder_of(1)} | {verb: farewell}) as server,
        pytest.raises(MailboxUnavailableError, match="desk: "),
    ):
        collect_all(mailbox_of(server))


@pytest.mark.parametrize("verb", ["CAPABILITY", "ID", "UID FETCH", "UID STORE", "NOOP", "IDLE", "DONE"])
def test_farewell_to_any_other_command_is_unavailable_and_the_next_session_works(
    mailbox_of: MakeMailbox, verb: str
) -> None:
    usual = {
        "SELECT": a_folder_of(1).replace(b"FLAGS ()", b"FLAGS ()\r\n* OK [PERMANENTFLAGS (\\*)] all"),
        "UID SEARCH": b"* SEARCH 1 2\r\n{tag} OK done\r\n",
        "DONE": b"{tag} OK done\r\n",
    }

    def work(server: ScriptedImap) -> None:
        mailbox = mailbox_of(server, batch_messages=1)
        collect_all(mailbox)
        mailbox.mark_done(["1"])
        mailbox.wait(timedelta(milliseconds=10))

    answers = usual | {verb: b"* BYE going down\r\n" + HANG_UP}
    with (
        ScriptedImap(answers, capabilities="IMAP4rev1 ID IDLE") as server,
        pytest.raises(MailboxUnavailableError, match=r"going down|hung up"),
    ):
        work(server)
    with ScriptedImap(usual, capabilities="IMAP4rev1 ID IDLE") as server:
        work(server)

    assert any(verb in command for command in server.commands)


def test_server_that_turns_us_away_at_the_door_is_unavailable(mailbox_of: MakeMailbox) -> None:
    with (
        ScriptedImap({}, greeting=b"* BYE too many connections\r\n" + HANG_UP) as server,
        pytest.raises(MailboxUnavailableError, match="too many connections"),
    ):
        mailbox_of(server).open()


def test_open_after_a_lost_connection_begins_anew(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    mailbox = mailbox_of(account)
    account.deliver(NOTICE)
    _, cursor = collect_all(mailbox)
    account.server.kill()
    with pytest.raises(MailboxUnavailableError):
        collect_all(mailbox, cursor)
    with pytest.raises(MailboxUnavailableError, match="refused"):
        mailbox.open()
    account.server.start()
    account.deliver(NOTICE)

    messages, _ = collect_all(mailbox, cursor)

    assert [message.uid for message in messages] == ["2"]


def test_closed_mailbox_says_that_it_is_not_connected(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    mailbox = mailbox_of(account)
    mailbox.open()
    mailbox.close()
    mailbox.close()

    with pytest.raises(MailboxUnavailableError, match="not connected"):
        list(mailbox.fetch_new(None))


def a_folder_of(messages: int) -> bytes:
    told = f"* {messages} EXISTS\r\n* 0 RECENT\r\n* FLAGS ()\r\n* OK [UIDVALIDITY 7] valid\r\n"
    return told.encode() + b"{tag} OK [READ-WRITE] selected\r\n"
