"""Sets pages with Typst: PDF of a template and values, the same octets for the same values."""

import json
import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import segno
import structlog
import typst

from faultdesk.errors import ConfigError

log = structlog.get_logger()

FONTS = ("Noto Sans CJK SC", "Noto Sans CJK TC")
_BREAKS = {"\n", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"}
_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}
"""Categories that are no type: controls, directions of writing, private use, halves of surrogates."""
_MARKS, _MOST_MARKS = {"Mn", "Me"}, 4
"""Marks on one letter: no language has more, and thousands take minutes to set."""
_NO_SHAPE, _TRIES = "〓", 3
_UNSHOWN = re.compile(r'the text `"([^`]{1,400})"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")
_UNBROKEN = re.compile("[^ \\n\u3000\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{33,}")
"""What no rule of line breaking may divide, and no row holds: an address, a row of marks."""


class Typesetter:
    """Sets one template. Any thread may set, one at a time."""

    def __init__(self, template: Path, fonts: Sequence[str] = FONTS, font_paths: Sequence[Path] = ()) -> None:
        """Prepare; `font_paths` are folders that are searched beside the system's. Nothing is loaded yet."""
        self._template = template
        self.fonts = list(fonts)
        self._font_paths = [str(path) for path in font_paths]
        self._turn = threading.Lock()
        self._compiler: Any = None

    def missing_fonts(self) -> list[str]:
        """Name the fonts that are not installed."""
        known = set(typst.Fonts(font_paths=self._font_paths).families())
        return [font for font in self.fonts if font not in known]

    def set(self, values: Mapping[str, Any], *, standard: str | None = None) -> bytes:
        """Give a PDF; the template finds `values` as JSON in `sys.inputs.values`.

        `standard` is one of Typst's, as "a-2b" (ISO 19005-2), which takes no letter without a shape: where no font has one
        it is set as 〓, as printers do.

        Raises:
            ConfigError: A font is not installed, or the page cannot be set.
        """
        with self._turn:
            if self._compiler is None:
                if missing := self.missing_fonts():
                    raise ConfigError(
                        f"fonts: not installed: {', '.join(missing)}; Debian's fonts-noto-cjk has Noto Sans CJK"
                    )
                self._compiler = typst.Compiler(
                    str(self._template), root=str(self._template.parent), font_paths=self._font_paths
                )
            try:
                for _ in range(_TRIES):
                    try:
                        return self._compile(values, standard)
                    except typst.TypstError as error:
                        if not (marks := _without_shape(error.diagnostic)):
                            raise
                        log.warning("letters.unshown", template=self._template.name, count=len(marks))
                        values = _marked(values, marks)
                return self._compile(values, standard)
            except typst.TypstError as error:
                raise ConfigError(f"{self._template.name}: the page cannot be set: {error}") from error

    def _compile(self, values: Any, standard: str | None) -> bytes:  # noqa: ANN401 - what JSON can hold
        words = json.dumps(values, ensure_ascii=False, sort_keys=True)
        made = self._compiler.compile(
            format="pdf",
            sys_inputs={"values": words},
            timestamp=0,
            pdf_standards=standard or [],
            pdf_tags=False,
        )
        return bytes(made)


def _without_shape(diagnostic: str) -> dict[int, str]:
    """Say what to set in place of what no font can set, in Typst's words, which escapes the invisible letters.

    What is put on a letter makes Typst name the letter too: the marks go first, without trace.
    """
    texts = (_ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) for text in _UNSHOWN.findall(diagnostic))
    letters = {letter for text in texts for letter in text if not letter.isascii()}
    on_others = {letter for letter in letters if unicodedata.category(letter)[0] in "MC"}
    return {ord(letter): "" for letter in on_others} or {ord(letter): _NO_SHAPE for letter in letters}


def _marked(values: Any, marks: Mapping[int, str]) -> Any:  # noqa: ANN401 - what JSON can hold
    """Put the marks into every text of the values."""
    if isinstance(values, str):
        return values.translate(marks)
    if isinstance(values, Mapping):
        return {name: _marked(value, marks) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_marked(value, marks) for value in values]
    return values


def legible(text: str) -> str:
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


def qr_code(reference: str) -> list[list[int]]:
    """Give the modules of a QR code (ISO/IEC 18004) that survives damage of almost a third."""
    if not reference:
        return []
    return [[int(dark) for dark in row] for row in segno.make_qr(reference, error="h").matrix]
