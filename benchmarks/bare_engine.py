"""The OCR engine as it comes, on whole pages: what the reader of pages is measured against."""

import time
from functools import cache
from pathlib import Path

import numpy as np
import rapidocr

from faultdesk.adapters.pages.scans import scans_of, squared


@cache
def _engine() -> rapidocr.RapidOCR:
    return rapidocr.RapidOCR(
        params={
            "Global.max_side_len": 6_000,
            "Global.log_level": "error",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def seconds_of(file: Path) -> float:
    """Read every page of a document; tell how long that took, without loading the models."""
    engine = _engine()
    media_type = "application/pdf" if file.suffix == ".pdf" else "image/tiff"
    began = time.monotonic()
    for scan in scans_of(file.read_bytes(), media_type):
        engine(np.asarray(squared(scan).convert("RGB")))
    return time.monotonic() - began
