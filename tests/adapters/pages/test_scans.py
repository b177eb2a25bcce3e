import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adapters.pages.documents import FAXES, a_page, a_pdf, a_raw_tiff, a_tiff
from faultdesk.adapters.pages.scan import Scan
from faultdesk.adapters.pages.scans import pages_of, scans_of, squared

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # it warns of damage before it raises
TIFF, PDF = "image/tiff", "application/pdf"
MARKS = (300, 900, 2000)


def blackness(scan: Scan) -> float:
    assert scan.picture is not None, scan.problem
    return float((np.asarray(scan.picture) < 128).mean())


def only(octets: bytes, media_type: str = TIFF) -> Scan:
    (scan,) = scans_of(octets, media_type)
    return scan


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "packbits", "tiff_deflate", None])
def test_a_page_is_read_however_it_is_coded(compression: str | None) -> None:
    scan = only(a_tiff(a_page(rows=MARKS), compression=compression))

    assert list(scan.dpi) == [204, 196]
    assert blackness(scan) == pytest.approx(30 * 1528 / (1728 * 2290))
    assert scan.bad_rows == 0


@pytest.mark.parametrize("options", ["g3:2d:fill", "g3:1d", "g4"])
@pytest.mark.parametrize("order", ["lsb2msb", "msb2lsb"])
def test_a_page_is_read_in_either_order_of_bits_and_in_strips(
    tmp_path: Path, options: str, order: str
) -> None:
    (tmp_path / "in.tif").write_bytes(a_tiff(a_page(rows=MARKS)))
    given, made = str(tmp_path / "in.tif"), str(tmp_path / "out.tif")
    command = ["tiffcp", "-c", options, "-f", order, "-r", "128", given, made]

    subprocess.run(command, check=True, capture_output=True)
    scan = only((tmp_path / "out.tif").read_bytes())

    assert blackness(scan) == pytest.approx(30 * 1528 / (1728 * 2290))


@pytest.mark.parametrize(("dpi", "height"), [((204, 98), 1145), ((204, 196), 2290), ((204, 391), 4570)])
def test_pixels_become_square(dpi: tuple[int, int], height: int) -> None:
    scan = only(a_tiff(a_page(height=height), dpi=dpi))

    assert squared(scan).width == 1728
    assert squared(scan).height == pytest.approx(2384, abs=2)


@pytest.mark.parametrize(("height", "down"), [(1145, 98), (2290, 196), (4570, 391)])
@pytest.mark.parametrize("dpi", [None, (1, 1), (72_000, 3), (51, 50)])
def test_a_resolution_that_is_missing_or_absurd_is_told_by_the_rows(
    dpi: tuple[int, int] | None, height: int, down: int
) -> None:
    options = {"dpi": dpi} if dpi else {}
    octets = io.BytesIO()
    a_page(height=height).convert("1").save(octets, "TIFF", compression="group4", **options)

    assert only(octets.getvalue()).dpi == (204, down)


def test_rows_that_the_receiver_counted_as_damaged_are_told() -> None:
    scans = list(scans_of((FAXES / "rx-06.tif").read_bytes(), TIFF))

    assert [scan.bad_rows > 0 for scan in scans] == [True, True]


def test_rows_that_cannot_be_decoded_are_counted() -> None:
    whole = bytearray(a_tiff(a_page(rows=range(50, 2200, 60)), compression="group3"))
    for at in range(300, 1500, 100):
        whole[at] ^= 0x5A

    scan = only(bytes(whole))

    assert scan.picture is not None
    assert scan.bad_rows > 0


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photograph_is_brought_to_the_size_of_paper(form: str) -> None:
    octets = io.BytesIO()
    Image.new("RGB", (3024, 4032), "white").save(octets, form)

    scan = only(octets.getvalue(), f"image/{form.lower()}")

    assert max(squared(scan).size) == 2390


def test_a_photograph_is_turned_as_its_camera_says() -> None:
    octets, exif = io.BytesIO(), Image.Exif()
    exif[274] = 6
    Image.new("RGB", (400, 300), "white").save(octets, "JPEG", exif=exif)

    scan = only(octets.getvalue(), "image/jpeg")

    assert scan.picture is not None
    assert scan.picture.size == (300, 400)


@pytest.mark.parametrize(
    ("tags", "form"),
    [
        ({259: 34661}, "JBIG"),
        ({259: 9}, "JBIG (T.85)"),
        ({259: 10}, "JBIG in colour (T.43)"),
        ({259: 7, 262: 10}, "TIFF-FX in colour"),
        ({34732: 0}, "TIFF-FX in layers (MRC)"),
    ],
)
def test_a_form_that_is_not_read_is_called_by_its_name(tags: dict[int, int], form: str) -> None:
    assert only(a_raw_tiff(tags)).problem == f"{form} is not read"


def test_what_is_wrong_with_one_page_is_told_by_it_alone() -> None:
    good = {257: 1, 259: 1}
    octets = a_raw_tiff(good, {256: 100_000, 257: 100_000}, good, {259: 34661}, strip=bytes(216))

    problems = [scan.problem for scan in scans_of(octets, TIFF)]

    too_large = "the page has 100000 x 100000 pixels, more than any page of a fax"
    assert problems == ["", too_large, "", "JBIG is not read"]


def test_pages_that_are_passed_over_are_not_decoded() -> None:
    decoders = list(zip(pages_of(a_raw_tiff(*[{257: 1}] * 3), TIFF), range(2), strict=False))

    assert len(decoders) == 2


@pytest.mark.parametrize(
    ("octets", "media_type", "problem"),
    [
        (b"", TIFF, "the document is empty"),
        (b"", PDF, "the document is empty"),
        (b"II*\x00", TIFF, "the document is damaged, cut, or in a form that is not read"),
        (b"%PDF-1.7\n%%EOF", PDF, "the PDF is damaged"),
        (a_raw_tiff({256: 100_000, 257: 100_000}), TIFF, "the page is larger than any page of a fax"),
        (a_raw_tiff({257: 2_000_000}), TIFF, "the page is larger than any page of a fax"),
        (a_raw_tiff({257: 2**32 - 1}), TIFF, "the page is larger than any page of a fax"),
        (
            a_raw_tiff({256: 100, 257: 30_000}),
            TIFF,
            "the page has 100 x 30000 pixels, more than any page of a fax",
        ),
        (
            a_pdf(b"/MediaBox[0 0 1000000 1000000]"),
            PDF,
            "the page is 1000000 x 1000000 points large, more than any paper",
        ),
    ],
    ids=["empty", "no pdf", "cut", "hollow pdf", "square", "rows", "most rows", "narrow", "points"],
)
def test_a_document_that_is_none_tells_why(octets: bytes, media_type: str, problem: str) -> None:
    assert only(octets, media_type).problem == problem


def test_an_encrypted_pdf_says_so() -> None:
    encrypt = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>/ID[<00><00>]" % (b"41" * 32, b"42" * 32)
    octets = a_pdf(b"/MediaBox[0 0 595 842]").replace(b"/Root 1 0 R", b"/Root 1 0 R" + encrypt)

    assert only(octets, PDF).problem == "the PDF is encrypted"


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_tiff_that_is_cut_tells_so(share: float) -> None:
    whole = a_tiff(a_page(rows=MARKS))

    assert only(whole[: int(len(whole) * share)]).problem


def test_a_strip_that_is_cut_tells_so() -> None:
    problem = only(a_raw_tiff({279: 5_000_000})).problem

    assert problem.startswith("the page is damaged") or not problem


def test_frames_that_go_round_end() -> None:
    assert (
        1
        <= len(list(zip(range(100), scans_of(a_raw_tiff({257: 1}, {257: 1}, loop=True), TIFF), strict=False)))
        < 100
    )


def test_a_png_that_is_called_tif_is_read() -> None:
    octets = io.BytesIO()
    a_page(width=900, height=1200, rows=(300,)).save(octets, "PNG")

    assert only(octets.getvalue(), TIFF).picture is not None
