"""A disk of its own for each test, and a server to fetch from."""

from pathlib import Path

import pytest

from media.collections import default_collection
from media.models import Collection
from tests.core.loopback import Site


@pytest.fixture
def disk(settings, tmp_path) -> Path:
    """The folder of the storage, empty, with a folder for temporary files beside it."""
    local = settings.STORAGES["default"]
    settings.STORAGES = settings.STORAGES | {
        "default": local | {"OPTIONS": local["OPTIONS"] | {"location": tmp_path / "blobs"}}
    }
    settings.DATA_DIR = tmp_path
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "tmp"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path / "blobs"


@pytest.fixture
def shelf(acme, disk) -> Collection:
    """Acme's default collection."""
    return default_collection(acme)


@pytest.fixture
def site():
    """A server on the loopback interface, which the test settings exempt from the rules for addresses."""
    server = Site()
    yield server
    server.close()
