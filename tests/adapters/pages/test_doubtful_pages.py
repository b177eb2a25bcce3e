"""What a reader cannot be sure of: small print, writing by hand, pages that lie the other way, hostile documents."""

import random
from collections.abc import Iterator
from difflib import SequenceMatcher

import pytest
from benchmarks.labelled_faxes import folded
from PIL import Image, ImageDraw, ImageFont

from adapters.pages.documents import a_mail, a_page, a_tiff
from adapters.pages.hostile import HOSTILE
from adapters.pages.test_page_readers import GIGABYTE, Peaks
from faultdesk.adapters.pages.readers import PageLimits, PageReaders
from faultdesk.domain.fax import Page

TEXT = (
    "滨江广场二期三楼弱电间交换机指示灯全灭",
    "大堂与地下车库的摄像机同时没有画面",
    "请尽快安排工程师到现场处理，多谢",
    "联系人方舟，分机八〇一",
)
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
_ACROSS = 204
_BLACK_BELOW = 150


def print_on(page: Image.Image, lines: tuple[str, ...], points: float, top: int = 200) -> None:
    pixels = round(points / 72 * _ACROSS)
    for number, line in enumerate(lines):
        place = (150, top + round(number * pixels * 1.6))
        ImageDraw.Draw(page).text(place, line, font=ImageFont.truetype(FONT, pixels), fill=0)


def faxed(page: Image.Image, lines_an_inch: int) -> bytes:
    """Scan a page of square pixels as a fax machine does."""
    rows = page.height * lines_an_inch // _ACROSS
    dots = page.resize((page.width, rows), Image.Resampling.BOX).point(
        lambda grey: 255 * (grey > _BLACK_BELOW)
    )
    return a_tiff(dots, dpi=(_ACROSS, lines_an_inch))


def write_by_hand(page: Image.Image, left: int, top: int, letters: int, chance: random.Random) -> None:
    """Draw what looks like writing, and is none that anybody could read."""
    drawing = ImageDraw.Draw(page)
    for letter in range(letters):
        for _ in range(chance.randint(3, 6)):
            stroke = [
                (left + 60 * letter + chance.uniform(0, 54), top + chance.uniform(0, 60)) for _ in range(3)
            ]
            drawing.line(stroke, fill=0, width=4, joint="curve")


def read(readers: PageReaders, octets: bytes, name: str = "fax.tif") -> tuple[Page, ...]:
    return readers.read(a_mail((name, octets)), (name,))


@pytest.mark.parametrize("points", [8, 9, 10.5])
@pytest.mark.parametrize("lines_an_inch", [98, 196])
@pytest.mark.parametrize("lies", ["upright", "upside down"])
def test_small_print_is_read_whichever_way_it_lies(
    readers: PageReaders, points: float, lines_an_inch: int, lies: str
) -> None:
    paper = a_page()
    print_on(paper, TEXT, points)
    paper = paper if lies == "upright" else paper.rotate(180)

    (page,) = read(readers, faxed(paper, lines_an_inch))

    written, found = folded("".join(TEXT)), folded(page.text)
    assert page.is_turned == (lies == "upside down")
    assert SequenceMatcher(None, written, found, autojunk=False).ratio() > 0.95


def test_lines_that_nobody_can_read_are_told(readers: PageReaders) -> None:
    paper, chance = a_page(), random.Random(2)  # noqa: S311 - strokes, no secret
    print_on(paper, ("报修单位：滨江物业管理有限公司",), 18)
    for number in range(4):
        write_by_hand(paper, 150, 400 + 150 * number, 18, chance)

    (page,) = read(readers, faxed(paper, 196))

    assert "滨江物业管理有限公司" in page.text
    assert page.unread + sum(line.confidence < 0.8 for line in page.lines) > 0


def test_a_page_of_noise_is_to_be_read_by_eye_or_not_read_at_all(readers: PageReaders) -> None:
    paper, chance = a_page(), random.Random(5)  # noqa: S311 - the same
    for number in range(12):
        write_by_hand(paper, 150, 200 + 150 * number, 22, chance)

    (page,) = read(readers, faxed(paper, 98))

    assert page.by_eye or page.unread


def test_a_child_that_has_grown_is_ended_after_its_fax_and_the_next_one_starts() -> None:
    paper = a_page()
    print_on(paper, TEXT, 14)
    octets = faxed(paper, 196)
    readers = PageReaders({"ocr": {}}, PageLimits(seconds=120, recycle_octets=100_000_000))

    held = []
    for _ in range(2):
        (page,) = read(readers, octets)
        assert folded(TEXT[0]) in folded(page.text)
        held.append(readers.resident_octets())

    assert held == [0, 0]


@pytest.fixture(scope="module")
def warm() -> Iterator[PageReaders]:
    """Read with the models, which are loaded, and may read few pages."""
    readers = PageReaders({"ocr": {}}, PageLimits(pages=3, seconds=120))
    paper = a_page()
    print_on(paper, TEXT, 14)
    read(readers, faxed(paper, 196))
    yield readers
    readers.close()


@pytest.mark.parametrize("what", HOSTILE)
def test_beside_the_models_a_hostile_document_takes_no_gigabyte(warm: PageReaders, what: str) -> None:
    name, octets = HOSTILE[what]()
    paper = a_page()
    print_on(paper, TEXT, 14)

    with Peaks() as peaks:
        pages = read(warm, octets, name)

    assert pages
    assert peaks.octets < GIGABYTE
    (page,) = read(warm, faxed(paper, 196))
    assert folded(TEXT[0]) in folded(page.text)
