"""Our own fax, sent at standard resolution, is read by our own reader."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from faultdesk.adapters.fax.press import TypstPress
from faultdesk.adapters.pages.readers import PageLimits, PageReaders
from faultdesk.domain.message import Language
from letters import a_report, an_acknowledgement, at_standard_resolution


@pytest.fixture(scope="module")
def readers() -> Iterator[PageReaders]:
    # On a machine with other work a page may take ten times as long.
    readers = PageReaders({"ocr": {}}, PageLimits(seconds=200))
    yield readers
    readers.close()


@pytest.mark.parametrize(
    ("language", "kind", "reference", "own_fax", "own_phone"),
    [
        (Language.ZH_HANS, an_acknowledgement, "FD-2026-038517", "020-8756 1235", "400-830-9618"),
        (Language.ZH_HANS, a_report, "FD-2031-880086", "0755-2680 3386", "0755-2680 0088"),
        (Language.ZH_HANT, an_acknowledgement, "FD-2026-711171", "+852 2581 8868", "+852 2581 1177"),
        (Language.ZH_HANT, a_report, "FD-2029-365269", "+886 2 2768 5533", "+886 2 2768 9060"),
        (Language.EN, an_acknowledgement, "FD-2027-104401", "010-6538 2609", "400-661-5070"),
        (Language.EN, a_report, "FD-2028-999690", "021-3356 8855", "021-6698 3389"),
    ],
)
def test_reference_and_numbers_are_read_exactly(
    readers: PageReaders, language: Language, kind: object, reference: str, own_fax: str, own_phone: str
) -> None:
    assert callable(kind)
    tiff = TypstPress(own_fax, own_phone).print(kind(language, reference), "image/tiff")
    mail = EmailMessage()
    mail.set_content("a fax")
    mail.add_attachment(at_standard_resolution(tiff), maintype="image", subtype="tiff", filename="fax.tif")

    (page,) = readers.read(mail.as_bytes(), ["fax.tif"])

    lines = [line.text.replace(" ", "") for line in page.lines]
    assert page.codes == (reference,)
    assert reference in lines
    assert any(line.endswith(own_fax.replace(" ", "")) for line in lines)
    assert any(line.endswith(own_phone.replace(" ", "")) for line in lines)
    assert not page.by_eye
