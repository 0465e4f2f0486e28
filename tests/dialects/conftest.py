"""Keys of both tenants, and polls that do not wait."""

import pytest

from tests import factories
from tests.dialects.api import Api


@pytest.fixture(autouse=True)
def _polls_are_answered_at_once(settings):
    settings.ASYNC_HOLD_SECONDS = 0


@pytest.fixture
def key(acme):
    """A key of acme's that may read and transcribe, with its secret."""
    return factories.key(acme)


@pytest.fixture
def api(key):
    """Acme's client."""
    return Api(key.secret)


@pytest.fixture
def globex_api(globex):
    return Api(factories.key(globex).secret)
