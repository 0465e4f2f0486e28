"""Settings of the benchmark's installation: the product's own, and one more model in the catalogue."""

from config.settings import *  # noqa: F403
from config.settings import MODEL_DIR
from transcription.engine import catalogue

BASE_SHAPED = "base-shaped"

_file = MODEL_DIR / "ggml-base-shaped.bin"
if _file.exists():
    catalogue.MODELS[BASE_SHAPED] = catalogue.ModelInfo(
        name=BASE_SHAPED,
        file_name=_file.name,
        bytes=_file.stat().st_size,
        sha256=_file.with_suffix(".sha256").read_text(),
        languages="multilingual",
        source="",
        description="Random weights in base's shape, for timings.",
    )
