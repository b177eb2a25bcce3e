"""Our own fax, sent at standard resolution, is read by our own reader."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest

from faultdesk.adapters.fax.press import TypstPress
from faultdesk.adapters.pages.readers import PageLimits, PageReaders
from faultdesk.domain.fax import Page
from faultdesk.domain.message import Language
from faultdesk.pipeline.ports import Letter
from letters import a_confirmation, a_report, an_acknowledgement, at_standard_resolution


@pytest.fixture(scope="module")
def readers() -> Iterator[PageReaders]:
    # On a machine with other work a page may take ten times as long.
    readers = PageReaders({"ocr": {}}, PageLimits(seconds=200))
    yield readers
    readers.close()


def read_back(readers: PageReaders, tiff: bytes) -> Page:
    mail = EmailMessage()
    mail.set_content("a fax")
    mail.add_attachment(at_standard_resolution(tiff), maintype="image", subtype="tiff", filename="fax.tif")
    (page,) = readers.read(mail.as_bytes(), ["fax.tif"])
    return page


def lines_of(page: Page) -> list[str]:
    return [line.text.replace(" ", "") for line in page.lines]


SENT = pytest.mark.parametrize(
    ("language", "reference", "own_fax", "own_phone"),
    [
        (Language.ZH_HANS, "FD-2026-038517", "020-8756 1235", "400-830-9618"),
        (Language.ZH_HANS, "FD-2031-880086", "0755-2680 3386", "0755-2680 0088"),
        (Language.ZH_HANT, "FD-2026-711171", "+852 2581 8868", "+852 2581 1177"),
        (Language.ZH_HANT, "FD-2029-365269", "+886 2 2768 5533", "+886 2 2768 9060"),
        (Language.EN, "FD-2027-104401", "010-6538 2609", "400-661-5070"),
        (Language.EN, "FD-2028-999690", "021-3356 8855", "021-6698 3389"),
    ],
)


@SENT
@pytest.mark.parametrize("write", [an_acknowledgement, a_confirmation])
def test_reference_and_numbers_are_read_exactly(
    readers: PageReaders,
    write: Callable[[Language, str], Letter],
    language: Language,
    reference: str,
    own_fax: str,
    own_phone: str,
) -> None:
    press = TypstPress(own_fax, own_phone)

    page = read_back(readers, press.print(write(language, reference), "image/tiff"))

    assert reference in lines_of(page)
    assert_tells(page, reference, own_fax, own_phone)


@SENT
def test_a_faxed_report_is_known_when_it_comes_back_signed(
    readers: PageReaders, language: Language, reference: str, own_fax: str, own_phone: str
) -> None:
    report = a_report(language, reference, own_fax, own_phone)

    page = read_back(readers, TypstPress().convert(report, "image/tiff"))

    assert any(f"{reference}-R1" in line for line in lines_of(page))
    assert_tells(page, reference, own_fax, own_phone)


def assert_tells(page: Page, reference: str, *numbers: str) -> None:
    lines = lines_of(page)
    assert page.codes == (reference,)
    for number in numbers:
        assert any(line.endswith(number.replace(" ", "")) for line in lines), lines
    assert not page.by_eye
