from datetime import UTC, datetime
from pathlib import Path

import pytest

from faultdesk.domain.fax import Outcome, Receipt, Reception
from faultdesk.domain.message import Address, Attachment, InboundMessage
from faultdesk.errors import ConfigError
from faultdesk.handlers.testing import a_message
from faultdesk.reading import read_message
from faultdesk_fax import FaxHandler
from faultdesk_fax.gateways import Gateway
from faultdesk_fax.numbers import e164

PAGE = Attachment("scan.tif", "image/tiff", 10)
MAILS = Path(__file__).parents[1] / "data/faxes/mails"


def handler(dialect: str, sender: str = "faxmaster", **more: str) -> FaxHandler:
    gateway = Gateway(dialect=dialect, senders=(sender,), **more)
    return FaxHandler(gateways={"office": gateway})


def mail(name: str) -> InboundMessage:
    return read_message((MAILS / f"{name}.eml").read_bytes())


def test_hylafax_tells_of_a_fax_and_its_pages() -> None:
    found = handler("hylafax").recognise_fax(mail("hylafax-rx-fax-tif-pdf-1"))

    assert found == Reception(
        gateway="office",
        caller="+862088882222",
        station="+862088882222",
        pages=2,
        received_at=datetime(2026, 11, 22, 21, 1, 38, tzinfo=UTC),
        documents=("fax000000004.tif",),
        key="recvq/fax000000004",
    )


def test_hylafax_announces_the_same_fax_to_the_fax_master() -> None:
    found = handler("hylafax").recognise_fax(mail("hylafax-rx-notify-1"))

    assert isinstance(found, Reception)
    assert (found.key, found.documents) == ("recvq/fax000000001", ())


@pytest.mark.parametrize(
    ("told", "caller", "station"),
    [
        ("+86 20 88881111\n02088882222\nBINJIANG\n<NONE>\n02088883333", "+862088882222", "+862088881111"),
        ("+86 20 88881111\n<NONE>", "", "+862088881111"),
        ("Scanned on the second floor", "", "Scanned on the second floor"),
        ("", "", ""),
    ],
)
def test_a_fax_of_recvq_tells_in_its_own_tags_who_called(told: str, caller: str, station: str) -> None:
    pages = Attachment("fax000000004.tif", "image/tiff", 10, description=told)

    found = handler("folder", "recvq@folder.invalid").recognise_fax(
        a_message(sender=Address("recvq@folder.invalid"), attachments=(pages,))
    )

    assert isinstance(found, Reception)
    assert (found.caller, found.station) == (caller, station)


@pytest.mark.parametrize(
    ("name", "outcome", "job", "reason"),
    [
        ("hylafax-sent-ok-1", Outcome.DELIVERED, "2", ""),
        ("hylafax-sent-failed-1", Outcome.FAILED, "12", "No answer from remote; too many attempts to dial"),
    ],
)
def test_hylafax_tells_what_became_of_a_fax(name: str, outcome: Outcome, job: str, reason: str) -> None:
    found = handler("hylafax", area="20").recognise_fax(mail(name))

    assert isinstance(found, Receipt)
    assert (found.outcome, found.job, found.reason) == (outcome, job, reason)
    assert found.number == "+862088882222"


def test_nobody_but_the_configured_gateway_is_believed() -> None:
    stranger = a_message(sender=Address("x@free.example"), subject='Fax received from "+86 20 88881111"')

    assert handler("hylafax").recognise_fax(stranger) is None


def test_a_gateway_is_known_by_its_domain() -> None:
    message = a_message(sender=Address("printer7@mfp.example"), subject="scan", attachments=(PAGE,))

    assert handler("any", "mfp.example").recognise_fax(message) is not None


def test_a_printer_that_writes_of_its_toner_brings_no_fax() -> None:
    message = a_message(sender=Address("printer7@mfp.example"), subject="Toner is low")

    assert handler("any", "mfp.example").recognise_fax(message) is None


@pytest.mark.parametrize(
    ("subject", "caller"),
    [
        ("Fax from 02088880001", "+862088880001"),
        ("Fax from 020-8888 0001", "+862088880001"),
        ("Fax from +852 2345 6789", "+85223456789"),
        ("Scan, serial 87561235", ""),
        ("Scan 20261123091500", ""),
    ],
)
def test_only_a_whole_number_in_a_subject_is_the_callers(subject: str, caller: str) -> None:
    message = a_message(sender=Address("printer7@mfp.example"), subject=subject, attachments=(PAGE,))

    found = handler("any", "mfp.example", area="20").recognise_fax(message)

    assert isinstance(found, Reception)
    assert found.caller == caller


def test_counts_and_times_that_cannot_be_are_left_out() -> None:
    text = f"recvq/fax000000001.tif\nPages: {'9' * 5000}\nReceived: 0001:01:01 00:00:00\n"
    message = a_message(sender=Address("faxmaster@fax.example"), subject="x", text=text)

    found = handler("hylafax", "fax.example").recognise_fax(message)

    assert isinstance(found, Reception)
    assert (found.pages, found.received_at) == (None, None)


def test_a_number_without_area_code_is_of_the_gateways_area() -> None:
    assert e164("88882222", "CN", "020") == "+862088882222"
    assert e164("020-8888 2222", "CN") == "+862088882222"
    assert e164("+852 2345 6789", "CN", "20") == "+85223456789"
    assert e164("SENDER", "CN", "20") == ""


@pytest.mark.parametrize(
    ("told", "country", "number"),
    [
        ("020-88881111 转 801", "CN", "+862088881111"),
        ("88881111-801", "CN", "+862088881111"),
        ("020-88881111 ext. 12", "CN", "+862088881111"),
        ("４００－１２３－４５６７", "CN", "+864001234567"),
        ("8008201234", "CN", "+868008201234"),
        ("013800138000", "CN", "+8613800138000"),
        ("862088881111", "CN", "+862088881111"),
        ("00852 2345 6789", "CN", "+85223456789"),
        ("2345 6789", "HK", "+85223456789"),
        ("19164574542", "US", "+19164574542"),
        ("862088881111", "US", "+862088881111"),
        ("1-206-555-0134", "US", "+12065550134"),
        ("95588", "CN", ""),
        ("9" * 5000, "CN", ""),
    ],
)
def test_a_number_is_known_however_a_gateway_writes_it(told: str, country: str, number: str) -> None:
    assert e164(told, country, "20" if country == "CN" else "") == number


def test_a_gateway_in_no_country_or_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="country: XX"):
        Gateway(dialect="any", senders=("x",), country="XX")
    with pytest.raises(ValueError, match="time_zone: Mars"):
        Gateway(dialect="any", senders=("x",), time_zone="Mars")


def test_an_own_dialect_is_like_a_bundled_one(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[box]\nlike = 'any'\nfacts = ['^Subject: LINE (?P<called>\\d{3})']\n")
    gateway = Gateway(dialect="box", senders=("box@fax.example",))
    pages = Attachment("fax_02088881111_20261123042116.pdf", "application/pdf", 8)

    found = FaxHandler(gateways={"office": gateway}, dialects=own).recognise_fax(
        a_message(sender=Address("box@fax.example"), subject="LINE 801", attachments=(pages,))
    )

    assert isinstance(found, Reception)
    assert (found.called, found.caller) == ("801", "+862088881111")


def test_an_unknown_dialect_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"handlers\.fax\.gateways\.office\.dialect: klingon: there are"):
        handler("klingon")


def test_an_operators_own_dialect_is_read(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[box]\nfax = '^Subject: FAX '\nfacts = ['^Subject: FAX (?P<caller>\\d+)']\n")
    gateway = Gateway(dialect="box", senders=("box@fax.example",))

    found = FaxHandler(gateways={"office": gateway}, dialects=own).recognise_fax(
        a_message(sender=Address("box@fax.example"), subject="FAX 02088881111")
    )

    assert isinstance(found, Reception)
    assert found.caller == "+862088881111"


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("[box]\nfax = '('\n", r"box: \(: missing \)"),
        ("[box]\nfax = '(?P<colour>x)'\n", "colour: there are"),
        ("[box]\nfacts = ['x']\n", "box: fax: names no mail that brings one"),
        ("[box]\nlike = 'klingon'\n", "box: like: klingon: above it are"),
        ("[box]\nfax = 'x'\nfacts = ['(?P<colour>x)']\nlike = 'any'\n", "colour: there are"),
    ],
)
def test_a_faulty_dialect_is_refused_by_name(tmp_path: Path, table: str, complaint: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(table)

    with pytest.raises(ConfigError, match=complaint):
        FaxHandler(gateways={"office": Gateway(dialect="any", senders=("x",))}, dialects=own)
