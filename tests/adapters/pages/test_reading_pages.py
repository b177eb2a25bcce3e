import io
import subprocess
import sys
from pathlib import Path

import pytest
import segno
from benchmarks.labelled_faxes import Labelled, errors, folded, load
from PIL import Image

from adapters.pages.documents import FAXES, a_mail, a_page, a_tiff
from faultdesk.adapters.pages.readers import PageReaders
from faultdesk.domain.fax import Page
from faultdesk.reading.forms import fields_of
from servers.faxline import FaxLine

KNOWN = {fax.file.name: fax for fax in load(FAXES)}


def read(readers: PageReaders, fax: Labelled, octets: bytes | None = None) -> tuple[Page, ...]:
    name = fax.file.name
    return readers.read(a_mail((name, octets or fax.file.read_bytes())), (name,))


def share_of_errors(fax: Labelled, pages: tuple[Page, ...]) -> float:
    return errors(fax, pages) / len(folded(fax.text))


def test_a_form_is_read_with_all_its_fields(readers: PageReaders) -> None:
    fax = KNOWN["dev-001.tif"]

    (page,) = read(readers, fax)

    assert errors(fax, (page,)) == 0
    assert {field.name: folded(field.value) for field in fields_of([page])} == {
        name: folded(value) for name, value in fax.fields.items()
    }
    assert (page.is_turned, page.by_eye, page.bad_rows, page.problem) == (False, False, 0, "")


def test_the_senders_line_above_a_page_is_no_part_of_what_was_written(readers: PageReaders) -> None:
    (page,) = read(readers, KNOWN["dev-001.tif"])

    assert page.header.startswith("2025-12-16 02:45")
    assert "P.01/01" in page.header
    assert "P.01/01" not in page.text


def test_a_page_that_lies_upside_down_and_askew_is_read(readers: PageReaders) -> None:
    fax = KNOWN["dev-008.tif"]

    (page,) = read(readers, fax)

    assert page.is_turned
    assert share_of_errors(fax, (page,)) < 0.02


def test_a_fax_in_pdf_of_standard_resolution_is_read(readers: PageReaders) -> None:
    fax = KNOWN["dev-010.pdf"]

    pages = read(readers, fax)

    assert [page.number for page in pages] == [1, 2]
    assert share_of_errors(fax, pages) < 0.03


def test_a_fax_that_a_noisy_line_damaged_is_read(readers: PageReaders, line: FaxLine) -> None:
    fax = KNOWN["dev-001.tif"]
    received = line.send(fax.file.read_bytes(), corrects=False, bursts=1)

    (page,) = read(readers, fax, received)

    assert page.bad_rows > 5
    assert share_of_errors(fax, (page,)) < 0.03


def test_a_fax_over_a_line_with_error_correction_is_whole(readers: PageReaders, line: FaxLine) -> None:
    fax = KNOWN["dev-001.tif"]
    received = line.send(fax.file.read_bytes(), corrects=True, bursts=1)

    (page,) = read(readers, fax, received)

    assert page.bad_rows == 0
    assert "HAIYAN" in page.header
    assert share_of_errors(fax, (page,)) < 0.01


def test_the_memory_of_a_page_is_given_back_before_the_next(readers: PageReaders) -> None:
    # Kept in pieces, it would grow with every page of another size, and honest pages would be ended for it.
    read(readers, KNOWN["dev-008.tif"])
    read(readers, KNOWN["dev-010.pdf"])

    assert 0 < readers.resident_octets() < 280_000_000


def test_pages_are_counted_through_all_documents(readers: PageReaders) -> None:
    blank = a_tiff(a_page(), a_page())

    pages = readers.read(a_mail(("a.tif", blank), ("b.tif", blank), ("c.tif", blank)), ("a.tif", "c.tif"))

    assert [(page.number, page.lines, page.problem) for page in pages] == [(n, (), "") for n in (1, 2, 3, 4)]


def test_a_page_that_is_all_black_holds_nothing(readers: PageReaders) -> None:
    (page,) = readers.read(a_mail(("black.tif", a_tiff(Image.new("L", (1728, 2290), 0)))), ("black.tif",))

    assert (page.lines, page.problem) == ((), "")


@pytest.mark.parametrize("height", [1, 15, 60])
def test_the_few_rows_of_a_page_that_was_cut_off_are_a_page_like_any(
    readers: PageReaders, height: int
) -> None:
    (page,) = readers.read(a_mail(("fax.tif", a_tiff(a_page(height=height)))), ("fax.tif",))

    assert (page.lines, page.problem) == ((), "")


def test_a_strip_of_a_page_is_read(readers: PageReaders) -> None:
    with Image.open(KNOWN["dev-001.tif"].file) as image:
        strip = image.convert("L").crop((0, 140, 1728, 320))

    (page,) = readers.read(a_mail(("fax.tif", a_tiff(strip))), ("fax.tif",))

    assert page.text == "弱电系统故障报修单\n报修单位  广州市天河体育中心物业管理处"


def test_qr_codes_are_read(readers: PageReaders, line: FaxLine) -> None:
    page, code = a_page(height=1145), io.BytesIO()
    segno.make("FD-2026-000123", error="m").save(code, kind="png", scale=8, border=4)
    drawn = Image.open(code).convert("L")
    page.paste(drawn.resize((drawn.width, drawn.height * 98 // 204)), (1200, 100))
    received = line.send(a_tiff(page, dpi=(204, 98)), corrects=False, bursts=0.5)

    (read_page,) = readers.read(a_mail(("fax.tif", received)), ("fax.tif",))

    assert read_page.codes == ("FD-2026-000123",)


def test_a_photograph_of_a_form_is_read(readers: PageReaders) -> None:
    fax = KNOWN["dev-001.tif"]
    with Image.open(fax.file) as image:
        paper = image.convert("L").resize((2500, 3380))
    photograph, octets = Image.new("L", (3024, 4032), 120), io.BytesIO()
    photograph.paste(paper.point(lambda grey: 40 + grey * 3 // 4).rotate(2, fillcolor=231), (250, 300))
    photograph.save(octets, "JPEG", quality=60)

    pages = readers.read(a_mail(("form.jpg", octets.getvalue())), ("form.jpg",))

    assert "广州市天河体育中心物业管理处" in pages[0].text


def test_the_models_are_there_without_any_network(tmp_path: Path) -> None:
    (tmp_path / "mail").write_bytes(a_mail(("fax.tif", KNOWN["dev-001.tif"].file.read_bytes())))
    without = ["unshare", "--map-root-user", "--net", sys.executable, "-c", _READ, str(tmp_path / "mail")]

    said = subprocess.run(without, check=True, capture_output=True, text=True).stdout

    assert "RD20230815-06" in said


_READ = """
import pathlib, sys
from faultdesk.adapters.pages.readers import PageLimits, PageReaders
readers = PageReaders({"ocr": {}}, PageLimits(seconds=120))
for page in readers.read(pathlib.Path(sys.argv[1]).read_bytes(), ("fax.tif",)):
    print(page.text, page.problem)
readers.close()
"""
