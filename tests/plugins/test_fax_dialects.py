"""What each dialect reads in a mail of its gateway."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.domain.fax import Outcome, Receipt, Reception
from faultdesk.domain.message import Address, Attachment, InboundMessage
from faultdesk.handlers.testing import a_message
from faultdesk.reading import read_message
from faultdesk_fax import FaxHandler
from faultdesk_fax.dialects import load_dialects
from faultdesk_fax.gateways import Gateway
from plugins.fax_mails import NEITHER, RECEIPTS, RECEPTIONS

MAILS = Path(__file__).parents[1] / "data/faxes/mails"
DIALECTS = load_dialects(None)
AMERICAN = {"ringcentral", "sinch", "metrofax"}
LANGUAGES = ["en", "de", "es", "fr", "it", "pl", "pt", "ptbr", "ro"]


def mail(name: str) -> InboundMessage:
    return read_message((MAILS / f"{name}.eml").read_bytes())


def handler(dialect: str, *senders: str) -> FaxHandler:
    american = Gateway(dialect=dialect, senders=senders, country="US", time_zone="America/Los_Angeles")
    chinese = Gateway(dialect=dialect, senders=senders, area="20")
    return FaxHandler(gateways={"office": american if dialect in AMERICAN else chinese})


def dialect_of(name: str) -> str:
    return max((one for one in DIALECTS if name == one or name.startswith(f"{one}-")), key=len)


def read(name: str) -> Reception | Receipt | None:
    message = mail(name)
    return handler(dialect_of(name), message.sender.address).recognise_fax(message)


@pytest.mark.parametrize("name", RECEPTIONS)
def test_a_gateway_tells_of_a_fax_that_it_received(name: str) -> None:
    assert read(name) == RECEPTIONS[name]


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_gateway_tells_what_became_of_a_fax_of_ours(name: str) -> None:
    assert read(name) == RECEIPTS[name]


@pytest.mark.parametrize("name", NEITHER)
def test_a_gateways_mail_about_something_else_is_neither(name: str) -> None:
    assert read(name) is None


@pytest.mark.parametrize("name", [*RECEPTIONS, *RECEIPTS])
def test_nobody_else_is_believed_in_any_dialect(name: str) -> None:
    assert handler(dialect_of(name), "other@elsewhere.example").recognise_fax(mail(name)) is None


def test_every_dialect_has_a_mail_of_its_own() -> None:
    samples = {file.stem for file in MAILS.glob("*.eml") if not file.stem.startswith("hylafax-")}

    assert set(DIALECTS) - {"hylafax"} == set(RECEPTIONS) & set(DIALECTS)
    assert samples == {*RECEPTIONS, *RECEIPTS, *NEITHER}


@pytest.mark.parametrize("language", LANGUAGES)
def test_hylafax_tells_of_a_fax_in_each_language_of_its_templates(language: str) -> None:
    assert read(f"hylafax-{language}-received") == Reception(
        gateway="office",
        caller="+862088881111",
        station="+862088881111",
        pages=2,
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("fax000000007.tif",),
        key="recvq/fax000000007",
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["partial", "refused"])
def test_hylafax_tells_of_a_fax_that_came_in_part_or_not_at_all(language: str, kind: str) -> None:
    found = read(f"hylafax-{language}-{kind}")

    assert isinstance(found, Reception)
    assert not found.is_complete
    assert found.note in {"Missing EOP after page 2", "Nov 23 04:21:57.02: [ 7382]: RECV recv DCN"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "outcome", "reason"),
    [
        ("done", Outcome.DELIVERED, ""),
        ("failed", Outcome.FAILED, "Busy signal detected"),
        ("requeued", Outcome.RETRYING, "Busy signal detected"),
    ],
)
def test_hylafax_tells_what_became_of_a_job_with_a_tag(
    language: str, kind: str, outcome: Outcome, reason: str
) -> None:
    found = read(f"hylafax-{language}-{kind}")

    assert isinstance(found, Receipt)
    assert (found.outcome, found.job, found.reason) == (outcome, "42", reason)
    assert found.number == "+862088882222"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("nobody", ["anonymous", "unknown", "匿名", "UNAVAILABLE", "<NONE>", ""])
def test_who_hides_the_number_is_nobody(dialect: str, nobody: str) -> None:
    text = f"Caller ID: {nobody}\nCallID1: {nobody}\nSender: {nobody}\n主叫号码：{nobody}\n"
    pages = Attachment("20261123042116.tif", "image/tiff", 8)
    message = a_message(text, sender=Address("fax@gw.example"), subject="Fax", attachments=(pages,))

    found = handler(dialect, "gw.example").recognise_fax(message)

    assert not isinstance(found, Reception) or (found.caller, found.station) == ("", "")


def test_a_serial_number_in_a_file_name_is_nobodys_number() -> None:
    pages = Attachment("FAX_88882222_20261123.pdf", "application/pdf", 8)
    message = a_message(sender=Address("mfp@office.example"), subject="Fax 88881111", attachments=(pages,))

    found = handler("any", "mfp@office.example").recognise_fax(message)

    assert isinstance(found, Reception)
    assert found.caller == ""


@pytest.mark.parametrize("dialect", ["labelled", "any", "t37", "3cx"])
@pytest.mark.parametrize(
    ("name", "subject", "caller"),
    [
        ("", "Scan from 87561235, fax", ""),
        ("", "Fax from 20261123", ""),
        ("", "Fax from 12345678901", ""),
        ("", "Fax from RNP00287561235", ""),
        ("87561235", "Fax", ""),
        ("02088881111", "Fax", "+862088881111"),
        ("", "Fax from 13912345678 (2 of 3 pages)", "+8613912345678"),
        ("", "Fax from +86 20 8888 1111 12 pages", "+862088881111"),
        ("", "来自 020-8888 1111 的传真", "+862088881111"),
        ("", "Fax, caller ID: 88881111", "+862088881111"),
    ],
)
def test_behind_a_mere_from_only_a_whole_number_is_the_callers(
    dialect: str, name: str, subject: str, caller: str
) -> None:
    pages = Attachment("scan.tif", "image/tiff", 8)
    message = a_message(sender=Address("p7@mfp.example", name), subject=subject, attachments=(pages,))

    found = handler(dialect, "mfp.example").recognise_fax(message)

    assert isinstance(found, Reception)
    assert found.caller == caller


def test_a_fax_that_was_not_received_is_not_complete() -> None:
    pages = Attachment("scan.tif", "image/tiff", 8)
    message = a_message(
        sender=Address("p7@mfp.example"), subject="Fax not received: error", attachments=(pages,)
    )

    found = handler("any", "mfp.example").recognise_fax(message)

    assert isinstance(found, Reception)
    assert not found.is_complete


def test_a_year_that_never_was_is_no_time_of_receipt() -> None:
    pages = Attachment("fax.tif", "image/tiff", 8)
    text = "Received: 0001-01-01 00:00:00"
    message = a_message(text, sender=Address("fax@gw.example"), attachments=(pages,))

    found = handler("any", "gw.example").recognise_fax(message)

    assert isinstance(found, Reception)
    assert found.received_at is None


LABELS = [
    "Pages: ",
    "Caller ID: ",
    "Received: ",
    "FAX=",
    "Result: ",
    "Fax to ",
    "failed",
    "\n",
    "页",
    "Subject: ",
]


@given(
    dialect=st.sampled_from(sorted(DIALECTS)),
    subject=st.text() | st.lists(st.sampled_from(LABELS) | st.text()).map("".join),
    text=st.text() | st.lists(st.sampled_from(LABELS) | st.text() | st.integers().map(str)).map("".join),
    name=st.text(),
    file=st.text(),
)
def test_no_text_makes_a_dialect_stumble(dialect: str, subject: str, text: str, name: str, file: str) -> None:
    pages = Attachment(file, "image/tiff", 8)
    message = a_message(text, sender=Address("fax@gw.example", name), subject=subject, attachments=(pages,))

    found = handler(dialect, "gw.example").recognise_fax(message)

    assert found is None or found.gateway == "office"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_quantifier_is_bounded(dialect: str) -> None:
    bare = [re.sub(r"\\.|\[(?:\\.|[^\]\\])+\]", "_", pattern) for pattern in DIALECTS[dialect].patterns()]

    assert [pattern for pattern in bare if re.search(r"[*+]|\{\d*,\}", pattern)] == []
