"""Sets letters as fax pages: Typst for the type, PDFium for the dots of a Group 3 machine."""

import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from faultdesk.domain.message import Language
from faultdesk.errors import ConfigError
from faultdesk.handlers.typesetting import FONTS, Typesetter, legible, qr_code
from faultdesk.pipeline.ports import Letter

_TEMPLATE = Path(__file__).with_name("page.typ")
_LANGUAGES = {Language.ZH_HANS: ("zh", "CN"), Language.ZH_HANT: ("zh", "HK"), Language.EN: ("en", "GB")}
_LABELS = {
    Language.ZH_HANS: ("传真至", "日期", "我方传真", "我方电话"),
    Language.ZH_HANT: ("傳真至", "日期", "我方傳真", "我方電話"),
    Language.EN: ("Fax to", "Date", "Our fax", "Our phone"),
}
_PAGES = {
    Language.ZH_HANS: ("第 ", " 页，共 ", " 页"),
    Language.ZH_HANT: ("第 ", " 頁，共 ", " 頁"),
    Language.EN: ("Page ", " of ", ""),
}
_LABEL = re.compile(r"(\S[^:：]{0,24}[:：]) +(?=\S)")


class TypstPress:
    """Sets letters; the same letter gives the same octets. Any thread may print, one at a time."""

    def __init__(
        self,
        own_fax: str = "",
        own_phone: str = "",
        fonts: Sequence[str] = FONTS,
        font_paths: Sequence[Path] = (),
    ) -> None:
        """Prepare; `font_paths` are folders that are searched beside the system's."""
        self._own = (own_fax, own_phone)
        self._typesetter = Typesetter(_TEMPLATE, fonts, font_paths)
        self._turn = threading.Lock()

    def print(self, letter: Letter, media_type: str) -> bytes:
        """Give the pages as image/tiff (1 bit, 204 x 196 dpi) or application/pdf.

        Raises:
            ConfigError: A package or a font is not installed, or the page cannot be set.
        """
        _require_packages()
        return self.convert(self._typesetter.set(self._told(letter)), media_type)

    def convert(self, document: bytes, media_type: str) -> bytes:
        """Give the pages of a PDF as what the gateway takes.

        Raises:
            ConfigError: A package is not installed.
        """
        if media_type == "application/pdf":
            return document
        _require_packages()
        from faultdesk.adapters.fax.raster import raster  # noqa: PLC0415 - an extra

        with self._turn:
            return raster(document)

    def check(self) -> None:
        """Look for what is needed to print.

        Raises:
            ConfigError: A package or a font is missing; it is named.
        """
        _require_packages()
        if missing := self._typesetter.missing_fonts():
            raise ConfigError(
                f"fax.fonts: not installed: {', '.join(missing)}; Debian's fonts-noto-cjk has Noto Sans CJK"
            )

    def _told(self, letter: Letter) -> dict[str, Any]:
        language = letter.language.answered_in
        lang, region = _LANGUAGES[language]
        at = letter.at.astimezone(ZoneInfo(letter.time_zone))
        values = (_dialled(letter.number), f"{at:%Y-%m-%d %H:%M}", *self._own)
        return {
            "lang": lang,
            "region": region,
            "fonts": self._typesetter.fonts,
            "desk": legible(letter.desk),
            "head": [pair for pair in zip(_LABELS[language], values, strict=True) if pair[1]],
            "page": _PAGES[language],
            "reference": letter.reference,
            "subject": legible(letter.subject.removeprefix(f"[{letter.reference}]").strip()),
            "rows": list(_rows(legible(letter.text))),
            "code": qr_code(letter.reference),
        }


def _require_packages() -> None:
    try:
        import PIL  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigError(f"fax: install faultdesk[fax]: {error}") from error


def _dialled(number: str) -> str:
    """Write an E.164 number as people read it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _rows(text: str) -> Iterator[tuple[int, str, int, str]]:
    """Divide text into rows: blanks before, a label, its columns with the blanks that follow, words.

    Labels that are filled up to one column stand in one; a label alone is words.
    """
    rows = [(len(row) - len(row.lstrip(" ")), row.lstrip(" ")) for row in text.split("\n")]
    found = [_LABEL.match(words) for _, words in rows]
    filled = {label.end() for label in found if label and label[0].endswith("  ")}
    for (indent, words), label in zip(rows, found, strict=True):
        if label and label.end() in filled:
            yield indent, label[1], label.end(), words[label.end() :]
        else:
            yield indent, "", 0, words
