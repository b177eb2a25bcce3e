import subprocess
from pathlib import Path

import pytest
from PIL import Image

from adapters.pages.documents import a_page, a_pdf, a_tiff
from faultdesk.adapters.pages.scan import Scan
from faultdesk.adapters.pages.scans import scans_of
from faultdesk.domain.fax import rows_of

PDF = "application/pdf"


def only(octets: bytes, media_type: str = PDF) -> Scan:
    (scan,) = scans_of(octets, media_type)
    return scan


def test_a_page_of_a_fax_in_pdf_is_the_picture_itself(tmp_path: Path) -> None:
    (tmp_path / "fax.tif").write_bytes(a_tiff(a_page(height=1145, rows=(300, 900)), dpi=(204, 98)))
    subprocess.run(["tiff2pdf", "-o", tmp_path / "fax.pdf", tmp_path / "fax.tif"], check=True)

    scan = only((tmp_path / "fax.pdf").read_bytes(), PDF)

    assert scan.picture is not None
    assert scan.picture.size == (1728, 1145)
    assert scan.dpi[0] == pytest.approx(204, abs=0.1)
    assert scan.dpi[1] == pytest.approx(98, abs=0.1)


def a_pdf_with(content: bytes, *pictures: Image.Image, page: bytes = b"/MediaBox[0 0 595 842]") -> bytes:
    """Make a page that shows text in /F1, and pictures as /I0 and so on."""
    drawn = b" ".join(b"/I%d %d 0 R" % (number, 6 + number) for number in range(len(pictures)))
    page += b"/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/XObject<<%s>>>>" % drawn
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    images = []
    for picture in pictures:
        octets = picture.tobytes()
        head = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Length %d>>"
        images.append(head % (picture.width, picture.height, len(octets)) + b"stream\n%s\nendstream" % octets)
    return a_pdf(page, objects=(stream, font, *images))


_FORM = (
    b"BT /F1 12 Tf 72 700 Td (Place) Tj 150 0 Td (Camera 3 in the lobby) Tj"
    b" -150 -30 Td (Fault) Tj 150 0 Td (it shows no picture) Tj ET"
)


def test_the_text_of_a_pdf_is_taken_where_it_stands() -> None:
    scan = only(a_pdf_with(_FORM), PDF)

    assert [[line.text for line in row] for row in rows_of(scan.lines)] == [
        ["Place", "Camera 3 in the lobby"],
        ["Fault", "it shows no picture"],
    ]
    assert (scan.lines[0].left, scan.lines[0].top) == pytest.approx((204, 376), abs=8)


def test_a_page_whose_corner_is_elsewhere_is_read_as_it_is_seen() -> None:
    moved = b"1 0 0 1 -400 -800 cm " + _FORM

    scan = only(a_pdf_with(moved, page=b"/MediaBox[-400 -800 195 42]"), PDF)

    assert [[line.text for line in row] for row in rows_of(scan.lines)] == [
        ["Place", "Camera 3 in the lobby"],
        ["Fault", "it shows no picture"],
    ]


@pytest.mark.parametrize(
    ("turn", "rotate"),
    [(b"0 1 -1 0 842 0 cm ", 90), (b"-1 0 0 -1 595 842 cm ", 180), (b"0 -1 1 0 -247 842 cm ", 270)],
)
def test_a_page_that_is_turned_when_it_is_shown_is_read_as_it_is_seen(turn: bytes, rotate: int) -> None:
    sides = b"0 0 842 595" if rotate % 180 else b"0 0 595 842"

    scan = only(a_pdf_with(turn + _FORM, page=b"/MediaBox[%s]/Rotate %d" % (sides, rotate)), PDF)

    assert [[line.text for line in row] for row in rows_of(scan.lines)] == [
        ["Place", "Camera 3 in the lobby"],
        ["Fault", "it shows no picture"],
    ]


_WHOLE_PAGE = b"q 595 0 0 842 0 0 cm /I0 Do Q "
_LETTER = (
    b"BT /F1 12 Tf 20 TL 72 700 Td " + b"(The barrier at gate 2 stays open, please come.) Tj T* " * 3 + b"ET"
)


def test_a_letter_on_a_page_with_a_background_is_taken_as_text() -> None:
    scan = only(a_pdf_with(_WHOLE_PAGE + _LETTER, Image.new("L", (60, 85), 245)), PDF)

    assert [line.text for line in scan.lines] == ["The barrier at gate 2 stays open, please come."] * 3


def test_few_words_on_a_background_are_left_to_the_reader_of_pictures() -> None:
    words = b"BT /F1 12 Tf 72 700 Td (The barrier at gate 2 stays open) Tj ET"

    scan = only(a_pdf_with(_WHOLE_PAGE + words, Image.new("L", (60, 85), 245)), PDF)

    assert scan.lines == ()
    assert scan.picture is not None
    assert min(scan.picture.tobytes()) < 100  # the words are on it


def test_a_gateway_s_line_above_a_fax_leaves_the_fax_to_be_read() -> None:
    banner = b"BT /F1 9 Tf 50 825 Td (Received by a gateway 2026-11-23 from +86 20 8888 1111 page 1) Tj ET"
    strips = b"q 595 0 0 400 0 410 cm /I0 Do Q q 595 0 0 400 0 10 cm /I1 Do Q "

    scan = only(a_pdf_with(strips + banner, *[a_page(height=550, rows=(100,))] * 2), PDF)

    assert scan.lines == ()


def test_what_a_scanner_has_read_itself_is_read_anew() -> None:
    invisible = b"BT 3 Tr /F1 12 Tf 72 700 Td (Tbe barrler at gafe 2 stays opon, please corne.) Tj ET"

    scan = only(a_pdf_with(_WHOLE_PAGE + invisible, a_page(height=1145, rows=(300,))), PDF)

    assert scan.lines == ()
    assert scan.picture is not None
    assert scan.picture.size == (1728, 1145)  # as it came, not drawn anew


def test_a_letter_behind_which_a_scanner_has_put_its_own_reading_is_read_anew() -> None:
    invisible = b" BT 3 Tr /F1 12 Tf 72 300 Td (Tbe barrler at gafe 2 stays opon.) Tj ET"

    scan = only(a_pdf_with(_WHOLE_PAGE + _LETTER + invisible, a_page(height=1145, rows=(300,))), PDF)

    assert scan.lines == ()
