import io
import random

import pytest
from PIL import Image

from faultdesk.reading.pictures import description_of


def a_tiff(description: str) -> bytes:
    octets = io.BytesIO()
    Image.new("1", (1728, 100), 1).save(octets, "TIFF", compression="group4", description=description)
    return octets.getvalue()


def test_a_received_fax_says_who_called() -> None:
    told = "+86 20 88881111\n02088881111\nBINJIANG\n<NONE>\n02088882222"

    assert description_of(a_tiff(told)) == told


@pytest.mark.parametrize(
    "octets",
    [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"\x89PNG\r\n", a_tiff("x")[:-1], a_tiff("x" * 100_000)],
)
def test_what_is_damaged_cut_or_huge_says_little_or_nothing(octets: bytes) -> None:
    assert len(description_of(octets)) <= 500


def test_whatever_octets_come_nothing_is_raised() -> None:
    whole, chance = a_tiff("+86 20 88881111"), random.Random(1)  # noqa: S311 - damage, no secret

    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(4):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        assert len(description_of(bytes(damaged))) <= 500
