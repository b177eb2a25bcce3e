"""Reads the print on fax pages by PP-OCR, whose models come in a wheel: nothing is ever downloaded."""

from typing import Annotated

import msgspec

from faultdesk.domain.fax import PageImage, PageReading
from faultdesk.handlers import Handler, hookimpl


class OcrHandler(Handler, frozen=True, kw_only=True):
    """Needs the extra `fax`. The models take some 900 MB, in the child process that reads pages alone."""

    threads: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2

    @hookimpl
    def read_page(self, page: PageImage) -> PageReading | None:
        """Read a page, upside down or not."""
        from faultdesk_ocr.reading import read  # noqa: PLC0415 - the models, which only the child needs

        return read(page, self.threads)
