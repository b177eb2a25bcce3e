"""Sets letters as fax pages: Typst for the type, PDFium for the dots of a Group 3 machine."""

import json
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from faultdesk.domain.message import Language
from faultdesk.errors import ConfigError
from faultdesk.pipeline.ports import Letter

_TEMPLATE = Path(__file__).with_name("page.typ")
_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK TC")
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
_BREAKS = {"\n", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"}
_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}
"""Categories that are no type: controls, directions of writing, private use, halves of surrogates."""
_MARKS, _MOST_MARKS = {"Mn", "Me"}, 4
"""Marks on one letter: no language has more, and thousands take minutes to set."""
_UNBROKEN = re.compile("[^ \\n\u3000\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{33,}")
"""What no rule of line breaking may divide, and no row holds: an address, a row of marks."""
_LABEL = re.compile(r"(\S[^:：]{0,24}[:：]) +(?=\S)")


class TypstPress:
    """Sets letters; the same letter gives the same octets. Any thread may print, one at a time."""

    def __init__(
        self,
        own_fax: str = "",
        own_phone: str = "",
        fonts: Sequence[str] = _FONTS,
        font_paths: Sequence[Path] = (),
    ) -> None:
        """Prepare; `font_paths` are folders that are searched beside the system's."""
        self._own = (own_fax, own_phone)
        self._fonts = list(fonts)
        self._font_paths = [str(path) for path in font_paths]
        self._turn = threading.Lock()
        self._compiler: Any = None

    def print(self, letter: Letter, media_type: str) -> bytes:
        """Give the pages as image/tiff (1 bit, 204 x 196 dpi) or application/pdf.

        Raises:
            ConfigError: The typesetter or a font is not installed, or the page cannot be set.
        """
        with self._turn:
            if self._compiler is None:
                self.check()
            document = self._compiled(self._told(letter))
            if media_type == "application/pdf":
                return document
            from faultdesk.adapters.fax.raster import raster  # noqa: PLC0415 - an extra

            return raster(document)

    def check(self) -> None:
        """Look for what is needed to print.

        Raises:
            ConfigError: A package or a font is missing; it is named.
        """
        try:
            import PIL  # noqa: F401, PLC0415 - an extra
            import segno  # noqa: F401, PLC0415
            import typst  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ConfigError(f"fax: install faultdesk[fax]: {error}") from error
        known = set(typst.Fonts(font_paths=self._font_paths).families())
        missing = [font for font in self._fonts if font not in known]
        if missing:
            raise ConfigError(
                f"fax.fonts: not installed: {', '.join(missing)}; Debian's fonts-noto-cjk has Noto Sans CJK"
            )

    def _compiled(self, told: dict[str, Any]) -> bytes:
        import typst  # noqa: PLC0415 - an extra

        if self._compiler is None:
            self._compiler = typst.Compiler(
                str(_TEMPLATE), root=str(_TEMPLATE.parent), font_paths=list(self._font_paths)
            )
        inputs = {"letter": json.dumps(told, ensure_ascii=False, sort_keys=True)}
        try:
            return bytes(self._compiler.compile(format="pdf", sys_inputs=inputs, timestamp=0, pdf_tags=False))
        except typst.TypstError as error:
            raise ConfigError(f"fax: the page cannot be set: {error}") from error

    def _told(self, letter: Letter) -> dict[str, Any]:
        language = letter.language.answered_in
        lang, region = _LANGUAGES[language]
        at = letter.at.astimezone(ZoneInfo(letter.time_zone))
        values = (_dialled(letter.number), f"{at:%Y-%m-%d %H:%M}", *self._own)
        return {
            "lang": lang,
            "region": region,
            "fonts": self._fonts,
            "desk": _legible(letter.desk),
            "head": [pair for pair in zip(_LABELS[language], values, strict=True) if pair[1]],
            "page": _PAGES[language],
            "reference": letter.reference,
            "subject": _legible(letter.subject.removeprefix(f"[{letter.reference}]").strip()),
            "rows": list(_rows(_legible(letter.text))),
            "code": _code(letter.reference),
        }


def _dialled(number: str) -> str:
    """Write an E.164 number as people read it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _legible(text: str) -> str:
    """Leave out what no type shows, and let every row be broken somewhere."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    marks, shown = 0, []
    for letter in text:
        category = unicodedata.category(letter)
        marks = marks + 1 if category in _MARKS else 0
        if letter in _BREAKS:
            shown.append("\n")
        elif category == "Zs" and letter != "\u3000":
            shown.append(" ")  # no-break spaces would hold a row together
        elif category not in _INVISIBLE and marks <= _MOST_MARKS:
            shown.append(letter)
    return _UNBROKEN.sub(lambda run: "\u200b".join(run[0]), "".join(shown).rstrip())


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


def _code(reference: str) -> list[list[int]]:
    """Give the modules of a QR code (ISO/IEC 18004) that survives damage of almost a third."""
    if not reference:
        return []
    import segno  # noqa: PLC0415 - an extra

    return [[int(dark) for dark in row] for row in segno.make_qr(reference, error="h").matrix]
