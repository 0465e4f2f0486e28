"""Fixtures for tests of outgoing requests."""

import socket

import pytest

from core.outbound.connection import tls_context
from tests.core.loopback import Authority, Internet, Site


@pytest.fixture
def internet(monkeypatch, settings):
    """A pretended internet without any exemption from the rules."""
    settings.OUTBOUND_ALLOW = []
    pretended = Internet()
    monkeypatch.setattr(socket.socket, "connect", pretended.connect(socket.socket.connect))
    monkeypatch.setattr(socket, "getaddrinfo", pretended.getaddrinfo)
    return pretended


@pytest.fixture
def new_site():
    """A maker of servers on the loopback interface, which the test settings exempt from the rules."""
    sites = []

    def make(**options) -> Site:
        sites.append(Site(**options))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def site(new_site):
    return new_site()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted_authority(authority, monkeypatch):
    """The throw-away authority, trusted as an operator would make the system trust one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    tls_context.cache_clear()
    yield authority
    tls_context.cache_clear()
