import pytest

from faultdesk.reading import read_message


def automatic(header: str, body: str = "hello") -> str | None:
    return read_message(f"{header}\n\n{body}".encode()).automatic


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Auto-Submitted: auto-replied", "Auto-Submitted: auto-replied (RFC 3834)"),
        ("Auto-Submitted: Auto-Generated; by=cron", "Auto-Submitted: auto-generated (RFC 3834)"),
        ("Precedence: bulk", "Precedence: bulk"),
        ("Precedence: Junk", "Precedence: junk"),
        ("List-Id: <news.example>", "List-Id is set (RFC 2919)"),
        ("List-Unsubscribe: <mailto:leave@x.example>", "List-Unsubscribe is set (RFC 2369)"),
        ("X-Autoreply: yes", "X-Autoreply is set"),
        ("X-Auto-Response-Suppress: All", "X-Auto-Response-Suppress: All"),
        ("Return-Path: <>", "null reverse-path (RFC 5321 section 4.5.5)"),
        (
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
            "multipart/report of delivery-status (RFC 3464)",
        ),
        (
            'Content-Type: multipart/report; report-type="disposition-notification"; boundary=b',
            "multipart/report of disposition-notification (RFC 8098)",
        ),
        ("Content-Type: text/calendar; method=REPLY", "calendar reply (RFC 5546 section 3.2.3)"),
        ("From: Mail Delivery System <MAILER-DAEMON@x.example>", "sender mailer-daemon@x.example"),
        ("From: no-reply@x.example", "sender no-reply@x.example"),
        ("From: do_not_reply+7@x.example", "sender do_not_reply+7@x.example"),
        ("From: alarm-noreply@x.example", "sender alarm-noreply@x.example"),
        ("Subject: Automatic reply: [FD-2026-000001] gate", 'subject begins with "Automatic reply:"'),
        ("Subject: Out of Office", 'subject begins with "Out of Office"'),
        ("Subject: 自动回复：收到您的来信", 'subject begins with "自动回复："'),
        ("Subject: 自動回覆: 外出", 'subject begins with "自動回覆:"'),
        ("Subject: [自动回复] 您好", 'subject begins with "[自动回复]"'),
        ("Subject: 来自张三的自动回复", 'subject begins with "来自张三的自动回复"'),
    ],
)
def test_sign_of_a_machine_is_told(header: str, reason: str) -> None:
    assert automatic(header) == reason


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Precedence: first-class",
        "X-Autoreply: no",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "Return-Path: <ann@x.example>",
        "From: nora.replyman@x.example",
        "From: Post Office <postoffice@x.example>",
        "From: noreply@x.example\nReply-To: Ann <ann@x.example>",
        "Subject: Re: Automatic reply: gate",
        "Subject: 自动回复功能坏了",
        "Subject: 回复：自动回复：收到",
        "Subject: Out of office hours the gate does not open",
        "Subject: 外出按钮坏了",
        "Subject: 外出：3号楼访客门禁打不开",
        "Subject: 未读：门禁读卡器",
        "Content-Type: text/calendar; method=REQUEST",
    ],
)
def test_mail_of_a_person_is_never_taken_for_automatic(header: str) -> None:
    assert automatic(header) is None


def test_calendar_answer_beside_its_text_is_seen() -> None:
    header = "Content-Type: multipart/alternative; boundary=b"
    body = "--b\n\nfine\n--b\nContent-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n--b--"

    assert automatic(header, body) == "calendar reply (RFC 5546 section 3.2.3)"


def test_a_subject_that_a_client_may_write_too_is_only_a_reason_not_to_answer() -> None:
    told = read_message("Subject: 未读：门禁读卡器\n\n三楼".encode())

    assert (told.automatic, told.robot) == (
        None,
        'a machine seems to write: the subject begins with "未读："',
    )
