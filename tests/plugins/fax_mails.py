"""What the mails in tests/data/faxes/mails tell."""

from datetime import UTC, datetime

from faultdesk.domain.fax import Outcome, Receipt, Reception

OURS = "<fax.0123456789abcdef0123456789abcdef@desk.example>"

RECEPTIONS: dict[str, Reception] = {
    "3cx": Reception(
        gateway="office",
        caller="+862088881111",
        called="888",
        pages=2,
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("fax_02088881111_20261123042116.pdf",),
        key="fax_02088881111_20261123042116",
    ),
    "any-anonymous": Reception(gateway="office", pages=1, documents=("scan.pdf",)),
    "any-empty": Reception(
        gateway="office",
        caller="+864001234567",
        pages=0,
        is_complete=False,
        documents=("fax.tif",),
        note="Error: line dropped",
    ),
    "any-labels": Reception(
        gateway="office",
        caller="+862088881111",
        called="+862088882222;ext=801",
        pages=3,
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        is_complete=False,
        documents=("20261123042116.jpg",),
        key="20261123042116",
        note="部分接收",
    ),
    "any": Reception(gateway="office", caller="+862088881111", documents=("fax_02088881111_20261123.tif",)),
    "aofax": Reception(
        gateway="office",
        caller="+862088881111",
        pages=2,
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("20261123042116_02088881111.tif",),
        key="20261123042116_02088881111",
    ),
    "brother": Reception(gateway="office", caller="+862088881111", documents=("FAX.tif",)),
    "canon": Reception(
        gateway="office",
        caller="+862088881111",
        pages=2,
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("0123_20261123042116.pdf",),
        key="0123_20261123042116",
    ),
    "cisco": Reception(
        gateway="office", caller="+862088881111", called="+862088882222", documents=("fax.tif",)
    ),
    "eastfax": Reception(
        gateway="office",
        caller="+862088881111",
        station="GZ TOWER",
        pages=2,
        received_at=datetime(2026, 11, 22, 20, 21, tzinfo=UTC),
        documents=("02088881111.pdf",),
    ),
    "efax-unknown": Reception(
        gateway="office",
        pages=1,
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("FAX_20261122_1795378877_97.tif",),
        key="lax1_did13-1795378877-2088882222-97",
    ),
    "efax": Reception(
        gateway="office",
        caller="+862088881111",
        station="GZ TOWER",
        pages=2,
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("FAX_20261122_1795378876_97.pdf",),
        key="lax1_did13-1795378876-2088882222-97",
    ),
    "folder": Reception(gateway="office", documents=("fax000000009.tif",)),
    "freepbx-nameless": Reception(
        gateway="office",
        called="+862088882222",
        station="GZ TOWER",
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("1795378876.43.pdf",),
        key="1795378876.43",
    ),
    "freepbx": Reception(
        gateway="office",
        caller="+862088881111",
        called="+862088882222",
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("1795378876.42.tif",),
        key="1795378876.42",
    ),
    "fujifilm": Reception(
        gateway="office", caller="+862088881111", called="123", documents=("img-B23042116-0001.tif",)
    ),
    "fusionpbx": Reception(
        gateway="office",
        caller="+862088881111",
        called="9001",
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("02088881111-2026-11-23-04-21-16.pdf",),
        key="02088881111-2026-11-23-04-21-16",
    ),
    "konica-minolta": Reception(
        gateway="office",
        caller="+862088881111",
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("02088881111_20261123042116.pdf",),
        key="02088881111_20261123042116",
    ),
    "labelled": Reception(
        gateway="office",
        caller="+862088881111",
        called="+862088882222",
        station="GZ TOWER",
        pages=2,
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("f000123.pdf",),
        key="f-000123",
    ),
    "metrofax": Reception(
        gateway="office",
        caller="+12065550134",
        station="+12065550134",
        pages=2,
        received_at=datetime(2026, 11, 22, 23, 21, 16, tzinfo=UTC),
        documents=("fax.pdf",),
    ),
    "panasonic": Reception(
        gateway="office",
        caller="+862088881111",
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("IMAGE_02088881111_20261123042116.tif",),
        key="IMAGE_02088881111_20261123042116",
    ),
    "ricoh": Reception(
        gateway="office",
        caller="+862088881111",
        station="+862088881111",
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("20261123042116.tif",),
        key="20261123042116",
    ),
    "ringcentral": Reception(
        gateway="office",
        caller="+12065550134",
        called="+12065550199",
        pages=3,
        received_at=datetime(2026, 11, 22, 23, 21, tzinfo=UTC),
        documents=("Fax_1122-1521.pdf",),
    ),
    "sharp": Reception(
        gateway="office",
        caller="+862088881111",
        received_at=datetime(2026, 11, 22, 20, 21, 16, tzinfo=UTC),
        documents=("SHARP_20261123_042116.pdf",),
        key="SHARP_20261123_042116",
    ),
    "sinch": Reception(
        gateway="office",
        caller="+12065550134",
        called="+12065550199",
        pages=1,
        received_at=datetime(2026, 11, 22, 23, 21, 16, tzinfo=UTC),
        documents=("fax.pdf",),
    ),
    "t37": Reception(
        gateway="office", caller="+862088881111", called="+862088882222;ext=801", documents=("fax.tif",)
    ),
}
RECEIPTS: dict[str, Receipt] = {
    "any-failed": Receipt(gateway="office", outcome=Outcome.FAILED, number="+862088882222", reason="NG busy"),
    "any-retrying": Receipt(gateway="office", outcome=Outcome.RETRYING, number="+862088882222", pages=1),
    "any-sent": Receipt(gateway="office", outcome=Outcome.DELIVERED, number="+862088882222", pages=1),
    "aofax-failed": Receipt(gateway="office", outcome=Outcome.FAILED, number="+862088882222", reason="占线"),
    "brother-refused": Receipt(
        gateway="office",
        outcome=Outcome.FAILED,
        job=OURS,
        reason="The message being sent to the machine was not in a TIFF-F format",
    ),
    "efax-failed": Receipt(
        gateway="office", outcome=Outcome.FAILED, number="+862088882222", job=OURS, reason="no answer"
    ),
    "efax-sent": Receipt(
        gateway="office", outcome=Outcome.DELIVERED, number="+862088882222", job=OURS, pages=1
    ),
    "freepbx-failed": Receipt(
        gateway="office",
        outcome=Outcome.FAILED,
        number="+862088882222",
        reason="FAILED (The call dropped prematurely)",
    ),
    "freepbx-sent": Receipt(gateway="office", outcome=Outcome.DELIVERED, number="+862088882222"),
    "fusionpbx-failed": Receipt(
        gateway="office", outcome=Outcome.FAILED, number="+862088882222", reason="Busy"
    ),
    "fusionpbx-sent": Receipt(gateway="office", outcome=Outcome.DELIVERED, number="+862088882222"),
    "ringcentral-failed": Receipt(
        gateway="office", outcome=Outcome.FAILED, number="+12065550134", reason="Failed"
    ),
    "ringcentral-sent": Receipt(gateway="office", outcome=Outcome.DELIVERED, number="+12065550134", pages=1),
    "sinch-failed": Receipt(
        gateway="office", outcome=Outcome.FAILED, number="+12065550134", reason="NO_ANSWER"
    ),
    "sinch-sent": Receipt(gateway="office", outcome=Outcome.DELIVERED, number="+12065550134", pages=1),
    "t37-delayed": Receipt(
        gateway="office", outcome=Outcome.RETRYING, number="+862088882222", job=OURS, reason="busy"
    ),
    "t37-delivered": Receipt(gateway="office", outcome=Outcome.DELIVERED, number="+862088882222", job=OURS),
    "t37-error": Receipt(
        gateway="office",
        outcome=Outcome.FAILED,
        number="+862088882222",
        job=OURS,
        reason="unsupported TIFF profile",
    ),
    "t37-failed": Receipt(
        gateway="office",
        outcome=Outcome.FAILED,
        number="+862088882222",
        job=OURS,
        reason="no answer from host",
    ),
    "t37-processed": Receipt(gateway="office", outcome=Outcome.DELIVERED, number="+862088882222", job=OURS),
}
NEITHER = ["any-alert", "any-quota", "efax-newsletter", "efax-quota"]
