import pytest

from faultdesk.handlers.templates import since


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("2026-03-05T00:20+00:00", "2026-03-05 08:20"),
        ("2026-03-05T08:20+08:00", "2026-03-05 08:20"),
        ("2026-03-05", "2026-03-05"),
        ("LAST TUESDAY", "LAST TUESDAY"),
        (None, None),
    ],
)
def test_when_it_began_is_told_in_the_desks_zone(told: str | None, shown: str | None) -> None:
    assert since(told, "Asia/Shanghai") == shown
