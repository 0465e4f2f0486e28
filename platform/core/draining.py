"""Whether this machine is being shut down in good order: then work is handed back instead of finished."""

from pathlib import Path

from django.conf import settings


def flag() -> Path:
    """Return the file whose presence tells the workers of this machine to put their work down."""
    return Path(settings.DATA_DIR) / "cluster" / "draining"


def is_draining() -> bool:
    return flag().exists()
