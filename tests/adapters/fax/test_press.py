import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from faultdesk.adapters.fax.press import TypstPress
from faultdesk.domain.message import Language
from faultdesk.errors import ConfigError
from faultdesk.pipeline.ports import Letter
from letters import a_letter, a_report, an_acknowledgement, at_standard_resolution, pages_of

PRESS = TypstPress("020-8888 2222", "400-123-4567")
ANSWERED_IN = [Language.ZH_HANS, Language.ZH_HANT, Language.EN]


def words_of(letter: Letter, press: TypstPress = PRESS) -> list[str]:
    """Give the words of each page, as a PDF reader copies them."""
    with pypdfium2.PdfDocument(press.print(letter, "application/pdf")) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def body_size(letter: Letter) -> int:
    """Give the points of the last word of the first page's body."""
    with pypdfium2.PdfDocument(PRESS.print(letter, "application/pdf")) as document:
        page = document[0].get_textpage()
        last = page.get_text_range().rindex("好")
        return round(float(pypdfium2.raw.FPDFText_GetFontSize(page, last)))


def ink_of(page: Image.Image) -> tuple[float, float, float, float]:
    """Give the inches of white at the left, above, at the right and below."""
    rows, columns = np.nonzero(np.asarray(page) < 128)
    height, width = page.height, page.width
    return (
        columns.min() / 204,
        rows.min() / 196,
        (width - 1 - columns.max()) / 204,
        (height - 1 - rows.max()) / 196,
    )


def is_within_margins(page: Image.Image) -> bool:
    left, above, right, below = ink_of(page)
    return min(left, right) > 0.55 and above > 0.5 and below > 0.4


def test_a_page_is_what_a_group_3_machine_takes() -> None:
    tiff = PRESS.print(a_letter(), "image/tiff")

    with TiffImageFile(io.BytesIO(tiff)) as document:
        tags = document.tag_v2
        assert document.size == (1728, 2291)
        assert (tags[282], tags[283], tags[296]) == (204, 196, 2)  # dots to the inch
        assert (tags[258], tags[259], tags[262], tags[266]) == (
            (1,),
            3,
            0,
            2,
        )  # Group 3, 0 is white, low bit first
        assert (tags[254], tags[297], tags[278]) == (2, (0, 1), 2291)  # one page of one, in one strip


def test_hylafax_sends_a_page_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "fax.tif"
    page.write_bytes(PRESS.print(a_letter("好\n" * 100), "image/tiff"))

    said = subprocess.run(
        ["/usr/sbin/tiffcheck", "-r", "196", page], check=False, capture_output=True, text=True
    ).stdout

    assert said.split() == ["OK"]


@pytest.mark.parametrize("language", ANSWERED_IN)
def test_the_bundled_letters_take_one_page_whose_edges_are_white(language: Language) -> None:
    (letter,) = pages_of(PRESS.print(an_acknowledgement(language), "image/tiff"))
    (report,) = pages_of(PRESS.convert(a_report(language), "image/tiff"))

    assert is_within_margins(letter)
    assert is_within_margins(report)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.ZH_HANS, ["传真至", "日期", "我方传真", "我方电话", "第 1 页，共 1 页"]),
        (Language.ZH_HANT, ["傳真至", "日期", "我方傳真", "我方電話", "第 1 頁，共 1 頁"]),
        (Language.EN, ["Fax to", "Date", "Our fax", "Our phone", "Page 1 of 1"]),
    ],
)
def test_a_page_tells_numbers_date_and_page_in_the_clients_language(
    language: Language, told: list[str]
) -> None:
    (words,) = words_of(a_letter(language=language))

    for what in [*told, "+86 20 8888 1111", "2026-03-05 12:00", "020-8888 2222", "400-123-4567"]:
        assert what in words


def test_the_date_is_that_of_the_desks_zone() -> None:
    letter = a_letter(at=datetime(2026, 3, 5, 20, tzinfo=UTC), time_zone="Asia/Tokyo")

    assert "2026-03-06 05:00" in words_of(letter)[0]


def test_a_subject_does_not_tell_the_reference_again() -> None:
    (words,) = words_of(a_letter())

    assert "已受理：二楼门禁坏了" in words
    assert "[FD-2026-000123]" not in words


def test_a_letter_of_no_ticket_has_no_code() -> None:
    (page,) = pages_of(PRESS.print(a_letter(reference=""), "image/tiff"))

    assert zxingcpp.read_barcodes(page) == []


def test_a_clients_words_are_no_markup() -> None:
    words = '#set text(red) $x^2$ *bold* _it_ [a] \\ @ref <tag> = head `raw` // no #panic("x") "q" {{ x }}'

    (told,) = words_of(a_letter(words, subject=words, desk="#desk [x]"))

    assert " ".join(told.split()).count(words) == 2
    assert "#desk [x]" in told


@pytest.mark.parametrize(
    "unbroken",
    [
        "x" * 5_000,
        "！" * 2_500,
        "—" * 1_500,
        "国" * 5_000,
        "ab\u00a0" * 1_500,
        "国\u2060" * 2_000,
        "سلام" * 900,
        "😀" * 900,
    ],
    ids=["letters", "exclamations", "dashes", "han", "no-break", "joined", "arabic", "emoji"],
)
def test_an_unbroken_line_wraps_and_goes_on_over_pages(unbroken: str) -> None:
    pages = pages_of(PRESS.print(a_letter(unbroken, subject=unbroken[:200]), "image/tiff"))

    assert len(pages) > 1
    assert all(is_within_margins(page) for page in pages)


def test_what_is_no_type_is_left_out() -> None:
    (words,) = words_of(a_letter("a\ud800b\x00c\x07d\u202ee\u200bf\r\ng\u2028h\ti"))

    assert "abcdef\ng\nh i" in words


def test_marks_that_are_heaped_on_a_letter_are_cut() -> None:
    (page,) = pages_of(PRESS.print(a_letter("a" + "\u0301" * 5_000), "image/tiff"))

    assert is_within_margins(page)


def test_pages_are_numbered_and_each_has_the_reference() -> None:
    first, second, third = words_of(a_letter("好\n" * 100))

    assert "第 1 页，共 3 页" in first
    assert "第 2 页，共 3 页" in second
    assert "FD-2026-000123" in third


def test_a_short_letter_is_set_larger_than_a_long_one() -> None:
    short, long = (body_size(a_letter("好\n" * rows)) for rows in (3, 60))

    assert (short, long) == (16, 14)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=400), st.text(max_size=40), st.sampled_from(ANSWERED_IN))
def test_any_words_become_pages_with_white_edges(text: str, subject: str, language: Language) -> None:
    letter = a_letter(text, subject=subject, language=language)

    assert all(is_within_margins(page) for page in pages_of(PRESS.print(letter, "image/tiff")))


_PRINT_ELSEWHERE = """
import sys
from letters import an_acknowledgement
from faultdesk.adapters.fax.press import TypstPress
from faultdesk.domain.message import Language
press = TypstPress("020-8888 2222", "400-123-4567")
sys.stdout.buffer.write(press.print(an_acknowledgement(Language.EN), sys.argv[1]))
"""


@pytest.mark.parametrize("media_type", ["image/tiff", "application/pdf"])
def test_the_same_letter_is_the_same_octets_in_every_process(media_type: str) -> None:
    elsewhere = subprocess.run(
        [sys.executable, "-c", _PRINT_ELSEWHERE, media_type],
        check=True,
        capture_output=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "TZ": "America/New_York", "PATH": "/usr/bin:/bin"},
    ).stdout

    here = {PRESS.print(an_acknowledgement(Language.EN), media_type) for _ in range(2)}

    assert here == {elsewhere}


def test_threads_may_print_at_once() -> None:
    letters = [a_letter("好\n" * length) for length in range(1, 9)]
    one_by_one = [PRESS.print(letter, "image/tiff") for letter in letters]

    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(lambda letter: PRESS.print(letter, "image/tiff"), letters))

    assert at_once == one_by_one


def test_a_font_that_is_missing_is_named_before_the_first_page() -> None:
    press = TypstPress(fonts=["Noto Sans CJK SC", "No Such Face"])

    with pytest.raises(ConfigError, match=r"fax\.fonts: not installed: No Such Face"):
        press.check()
    with pytest.raises(ConfigError, match="No Such Face"):
        press.print(a_letter(), "image/tiff")


def test_a_font_is_found_in_a_folder_of_the_operator(tmp_path: Path) -> None:
    (tmp_path / "own.ttc").symlink_to("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")

    TypstPress(fonts=["Noto Sans CJK HK"], font_paths=[tmp_path]).check()


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(ConfigError, match=r"install faultdesk\[fax\]: .*PIL"):
        TypstPress().check()


@pytest.mark.parametrize("number", range(20))
def test_the_code_is_read_after_a_transmission_at_standard_resolution(number: int) -> None:
    reference = f"FD-20{26 + number}-{number * 52_631:06d}"
    letter = an_acknowledgement(ANSWERED_IN[number % 3], reference)

    (page,) = pages_of(at_standard_resolution(PRESS.print(letter, "image/tiff")))

    (code,) = zxingcpp.read_barcodes(page.resize((1728, page.height * 204 // 98)))
    assert code.text == reference
