"""Sets letters as fax pages: Typst for the type, Pillow for the raster of a Group 3 machine."""

import io
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from faultdesk.domain.message import Language
from faultdesk.errors import ConfigError
from faultdesk.pipeline.ports import Letter

_TEMPLATE = Path(__file__).with_name("page.typ")
_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK TC")
_ACROSS, _DOWN, _PIXELS = 204, 196, 1728
"""Dots to the inch of a fine fax, and its dots in a row (ITU-T T.4)."""
_BLACK_BELOW = 150
"""Grey level: type comes out a little bolder than it is, for what the line takes away."""
_POINTS_AN_INCH = 72
_LANGUAGES = {Language.ZH_HANS: ("zh", "CN"), Language.ZH_HANT: ("zh", "HK"), Language.EN: ("en", "GB")}
_LABELS = {
    Language.ZH_HANS: ("传真至", "日期", "我方传真", "电话"),
    Language.ZH_HANT: ("傳真至", "日期", "我方傳真", "電話"),
    Language.EN: ("Fax to", "Date", "Our fax", "Phone"),
}


class TypstPress:
    """Sets letters; the same letter gives the same octets. Any thread may print."""

    def __init__(self, own_fax: str = "", own_phone: str = "", fonts: Sequence[str] = _FONTS) -> None:
        self._own = (own_fax, own_phone)
        self._fonts = list(fonts)
        self._turn = threading.Lock()
        self._compiler: Any = None

    def print(self, letter: Letter, media_type: str) -> bytes:
        """Give the pages as image/tiff (1 bit, 204 x 196 dpi) or application/pdf.

        Raises:
            ConfigError: The typesetter is not installed, or cannot set the page.
        """
        told = self._told(letter)
        if media_type == "application/pdf":
            return bytes(self._compiled(told, format="pdf"))
        pages = self._compiled(told, format="png", ppi=float(_ACROSS * 2))
        return _raster(pages if isinstance(pages, list) else [pages])

    def check(self) -> None:
        """Look for the typesetter and the fonts.

        Raises:
            ConfigError: One is missing; it is named.
        """
        known = set(_typst().Fonts().families())
        missing = [font for font in self._fonts if font not in known]
        if missing:
            raise ConfigError(
                f"fax.fonts: not installed: {', '.join(missing)}; Debian's fonts-noto-cjk has them"
            )

    def _compiled(self, told: dict[str, Any], **how: Any) -> Any:  # noqa: ANN401 - octets, or a list of them
        typst = _typst()
        inputs = {"letter": json.dumps(told, ensure_ascii=False, sort_keys=True)}
        with self._turn:
            if self._compiler is None:
                self._compiler = typst.Compiler(str(_TEMPLATE), root=str(_TEMPLATE.parent))
            try:
                return self._compiler.compile(sys_inputs=inputs, timestamp=0, **how)
            except typst.TypstError as error:
                raise ConfigError(f"fax: the page cannot be set: {error}") from error

    def _told(self, letter: Letter) -> dict[str, Any]:
        language = letter.language.answered_in
        lang, region = _LANGUAGES[language]
        at = letter.at.astimezone(ZoneInfo(letter.time_zone))
        values = (letter.number, f"{at:%Y-%m-%d %H:%M}", *self._own)
        head = [pair for pair in zip(_LABELS[language], values, strict=True) if pair[1]]
        return {
            "lang": lang,
            "region": region,
            "fonts": self._fonts,
            "desk": letter.desk,
            "head": head,
            "reference": letter.reference,
            "subject": letter.subject,
            "rows": letter.text.split("\n"),
            "code": _code(letter.reference),
        }


def _typst() -> Any:  # noqa: ANN401 - an extra, which ships no types
    try:
        import typst  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigError(f"fax: install faultdesk[fax]: {error}") from error
    return typst


def _code(reference: str) -> list[list[int]]:
    """Give the modules of a QR code (ISO/IEC 18004) that survives damage of a quarter."""
    if not reference:
        return []
    import segno  # noqa: PLC0415 - an extra

    return [[int(dark) for dark in row] for row in segno.make_qr(reference, error="q").matrix]


def _raster(pages: Sequence[bytes]) -> bytes:
    """Make a TIFF of profile F (RFC 3949): one bit, 1728 across, Group 4."""
    from PIL import Image  # noqa: PLC0415 - an extra

    frames = []
    for octets in pages:
        with Image.open(io.BytesIO(octets)) as page:
            grey = page.convert("L")
        height = round(grey.height * _DOWN / (_ACROSS * 2))
        # A4 is 1686 dots wide at 204 dpi: a machine sends 1728, the rest is margin.
        width = round(grey.width / 2)
        small = grey.resize((width, height), Image.Resampling.BOX)
        sheet = Image.new("L", (_PIXELS, height), 255)
        sheet.paste(small, ((_PIXELS - width) // 2, 0))
        frames.append(
            sheet.point(lambda level: 255 * (level >= _BLACK_BELOW)).convert("1", dither=Image.Dither.NONE)
        )
    written = io.BytesIO()
    frames[0].save(
        written,
        format="TIFF",
        save_all=True,
        append_images=frames[1:],
        compression="group4",
        dpi=(_ACROSS, _DOWN),
    )
    return written.getvalue()
