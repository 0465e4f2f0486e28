"""A receiver of webhooks, and an endpoint that leads there."""

import pytest

from orgs.endpoints import create_endpoint
from tests.orgs.receiver import Receiver


@pytest.fixture
def receiver():
    """A server on the loopback interface, which the test settings exempt from the rules for addresses."""
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def issued(acme, receiver):
    """An endpoint of acme's at the receiver, with its secret."""
    return create_endpoint(acme, url=receiver.hook)


@pytest.fixture
def endpoint(issued):
    return issued.endpoint
