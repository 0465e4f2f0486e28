"""The connection goes to an address that was checked, whatever the resolver says next, and TLS stays on the name."""

import io
import socket

import pytest

from core import outbound
from core.outbound import connection
from tests.core.loopback import PUBLIC, PUBLIC_V6, answer

OTHER_PUBLIC = "198.41.0.4"


def fetch(url, *, deadline_seconds=5, **options):
    return outbound.download(url, io.BytesIO(), max_bytes=1000, deadline_seconds=deadline_seconds, **options)


@pytest.fixture
def media(internet, site):
    internet.name("media.example", [PUBLIC])
    internet.route(PUBLIC, 80, site)
    site.pages["/"] = answer(body=b"sound")
    return site


def test_a_name_is_looked_up_once(media, internet):
    fetch("http://media.example/")

    assert internet.asked == ["media.example"]
    assert internet.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize("later", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1"])
def test_a_name_that_turns_inward_after_the_check_is_still_reached_where_it_was(later, media, internet):
    internet.name("media.example", [PUBLIC], [later])

    fetch("http://media.example/")

    assert internet.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize("later", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1"])
def test_a_name_that_turned_inward_since_it_was_given_is_refused_when_used(later, internet):
    internet.name("media.example", [PUBLIC], [later])
    outbound.check_url("http://media.example/")

    with pytest.raises(outbound.ForbiddenAddress):
        fetch("http://media.example/")

    assert internet.connected == []


@pytest.mark.parametrize(
    "addresses",
    [
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        [PUBLIC, OTHER_PUBLIC, PUBLIC_V6, "10.0.0.7"],
        [PUBLIC, "::1"],
        [PUBLIC_V6, "::ffff:127.0.0.1"],
        [PUBLIC] * 20 + ["169.254.169.254"],
    ],
)
def test_one_bad_address_spoils_a_name(addresses, internet):
    internet.name("media.example", addresses)

    with pytest.raises(outbound.ForbiddenAddress):
        fetch("http://media.example/")

    assert internet.connected == []


def test_an_address_that_does_not_answer_gives_way_to_the_next(media, internet):
    internet.name("media.example", [PUBLIC_V6, OTHER_PUBLIC, PUBLIC])

    fetch("http://media.example/")

    assert internet.connected == [(PUBLIC_V6, 80), (OTHER_PUBLIC, 80), (PUBLIC, 80)]


def test_a_name_with_a_hundred_dead_addresses_does_not_cost_a_hundred_tries(internet):
    internet.name("media.example", [f"93.184.216.{last}" for last in range(100)])

    with pytest.raises(outbound.Unreachable):
        fetch("http://media.example/")

    assert len(internet.connected) == connection.MAX_ADDRESSES_TRIED


def test_a_v6_server_is_reached(internet, site):
    internet.name("media.example", [PUBLIC_V6])
    internet.route(PUBLIC_V6, 80, site)
    site.pages["/"] = answer(body=b"sound")

    assert fetch("http://media.example/").bytes == 5


def test_a_mapped_address_is_reached_as_the_v4_address_it_is(media, internet):
    internet.name("media.example", [f"::ffff:{PUBLIC}"])

    fetch("http://media.example/")

    assert internet.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://media.example/", "media.example"),
        ("http://MEDIA.example./", "media.example"),
        (f"http://{PUBLIC}/", PUBLIC),
        (f"http://[{PUBLIC_V6}]/", f"[{PUBLIC_V6}]"),
        ("http://bücher.example:8443/", "xn--bcher-kva.example:8443"),
    ],
)
def test_the_host_header_stays_on_the_name(url, host, media, internet):
    internet.name("xn--bcher-kva.example", [PUBLIC])
    internet.route(PUBLIC_V6, 80, media)
    internet.route(PUBLIC, 8443, media)

    fetch(url)

    assert media.requests[0].headers["host"] == host


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment_are_not_used(variable, media, internet, monkeypatch):
    monkeypatch.setenv(variable, "http://127.0.0.1:3128")

    fetch("http://media.example/")

    assert internet.connected == [(PUBLIC, 80)]


def test_credentials_of_the_environment_are_not_used(media, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine media.example login ann password secret")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    fetch("http://media.example/")

    assert "authorization" not in media.requests[0].headers


@pytest.fixture
def secure(internet, new_site, trusted_authority):
    """A maker of servers at PUBLIC, port 443, whose certificate is for the given names."""

    def make(*names):
        site = new_site(tls=trusted_authority.server(*names))
        site.pages["/"] = answer(body=b"sound")
        internet.name("media.example", [PUBLIC])
        internet.name("www.media.example", [PUBLIC])
        internet.route(PUBLIC, 443, site)
        return site

    return make


@pytest.mark.parametrize("certified", ["www.media.example", "*.media.example"])
def test_the_right_name_is_accepted_at_a_pinned_address(certified, secure, internet):
    site = secure(certified)

    assert fetch("https://www.media.example/").bytes == 5
    assert internet.connected == [(PUBLIC, 443)]
    assert site.requests[0].headers["host"] == "www.media.example"


def test_the_name_is_told_to_the_server_in_the_handshake(secure):
    told = []
    secure("media.example").tls.sni_callback = lambda _socket, name, _context: told.append(name)

    fetch("https://media.example/")

    assert told == ["media.example"]


@pytest.mark.parametrize("certified", ["other.example", "sub.media.example", "example", PUBLIC])
def test_a_certificate_for_another_name_is_refused(certified, secure):
    site = secure(certified)

    with pytest.raises(outbound.Unreachable, match="certificate"):
        fetch("https://media.example/")

    assert site.requests == []


def test_a_certificate_for_an_address_is_accepted_there(secure):
    secure(PUBLIC)

    assert fetch(f"https://{PUBLIC}/").bytes == 5


def test_a_certificate_of_a_stranger_is_refused(authority, internet, new_site):
    internet.name("media.example", [PUBLIC])
    internet.route(PUBLIC, 443, new_site(tls=authority.server("media.example")))

    with pytest.raises(outbound.Unreachable, match="certificate"):
        fetch("https://media.example/")


def test_a_server_without_tls_is_unreachable_by_https(media, internet):
    internet.route(PUBLIC, 443, media)

    with pytest.raises(outbound.Unreachable):
        fetch("https://media.example/", deadline_seconds=0.15)


def test_an_exempt_network_frees_its_addresses_of_the_rules(site, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    site.pages["/"] = answer(body=b"sound")

    assert fetch(site.url, schemes=("https",)).bytes == 5


def test_a_name_inside_an_exempt_network_is_admitted(site, internet, settings):
    settings.OUTBOUND_ALLOW = ["10.0.0.0/8", "fd00::/8"]
    internet.name("inner.example", ["10.0.0.7"])
    internet.route("10.0.0.7", 9000, site)
    site.pages["/"] = answer(body=b"sound")

    assert fetch("http://inner.example:9000/", schemes=("https",)).bytes == 5


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://127.0.0.1/", outbound.ForbiddenAddress),
        ("http://10.0.1.0/", outbound.ForbiddenAddress),
        ("http://[::1]/", outbound.ForbiddenAddress),
        ("http://half.example/", outbound.ForbiddenAddress),
        ("http://half.example:9000/", outbound.BadUrl),
        ("http://media.example:9000/", outbound.BadUrl),
        ("ftp://10.0.0.7/", outbound.BadUrl),
        ("http://ann@10.0.0.7/", outbound.BadUrl),
        ("http://10.7/", outbound.BadUrl),
        ("http://10.0.0.7:0/", outbound.BadUrl),
    ],
)
def test_an_exempt_network_frees_nothing_else(url, fault, internet, settings):
    settings.OUTBOUND_ALLOW = ["10.0.0.0/24"]
    internet.name("half.example", ["10.0.0.7", "10.0.1.7"])
    internet.name("media.example", [PUBLIC])

    with pytest.raises(fault):
        fetch(url)

    assert internet.connected == []


def test_an_exempt_network_does_not_free_public_servers_of_https(internet, settings):
    settings.OUTBOUND_ALLOW = ["10.0.0.0/24"]
    internet.name("media.example", [PUBLIC])

    with pytest.raises(outbound.BadUrl):
        outbound.check_url("http://media.example/", schemes=("https",))


def test_an_exempt_network_may_be_a_single_address_with_host_bits(site, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1/8"]
    site.pages["/"] = answer(body=b"sound")

    assert fetch(site.url).bytes == 5


def test_a_resolver_that_knows_nothing_is_unreachable(internet, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])

    with pytest.raises(outbound.Unreachable):
        fetch("http://media.example/")
