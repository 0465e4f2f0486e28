"""Where a redirect may lead, and what goes with it."""

import io

import pytest

from core import outbound
from tests.core.loopback import PUBLIC, PUBLIC_V6, answer, redirect

INNER = "10.0.0.7"


def fetch(url, to=None, **options):
    return outbound.download(url, to or io.BytesIO(), max_bytes=1000, deadline_seconds=5, **options)


@pytest.fixture
def media(internet, site):
    """media.example on a public address, served by `site`, over http and, for the asking, under other names too."""
    internet.name("media.example", [PUBLIC])
    internet.route(PUBLIC, 80, site)
    return site


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status, media):
    media.pages["/a"] = redirect("/folder/b.mp3", status)
    media.pages["/folder/b.mp3"] = answer(body=b"sound")
    to = io.BytesIO()

    arrived = fetch("http://media.example/a", to)

    assert to.getvalue() == b"sound"
    assert arrived.filename == "b.mp3"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("http://media.example/c", "/c"),
        ("//media.example/c", "/c"),
        ("HTTP://MEDIA.EXAMPLE:80/c", "/c"),
        ("c", "/folder/c"),
        ("../c?d", "/c?d"),
        ("/c#d", "/c"),
        ("/a b", "/a%20b"),
        ("/ü".encode().decode("latin-1"), "/%C3%BC"),
        ("/ü", "/%C3%BC"),
        ("/" + "c" * 4000, "/" + "c" * 4000),
    ],
)
def test_a_location_is_read_as_browsers_read_it(location, target, media):
    media.pages["/folder/b"] = redirect(location)
    media.pages[target.partition("?")[0]] = answer()

    fetch("http://media.example/folder/b")

    assert media.requests[1].target == target


def test_three_redirects_are_followed(media):
    media.pages |= {"/0": redirect("/1"), "/1": redirect("/2"), "/2": redirect("/3"), "/3": answer(body=b"sound")}

    assert fetch("http://media.example/0").bytes == 5


def test_a_fourth_redirect_is_not_followed(media):
    media.pages |= {"/0": redirect("/1"), "/1": redirect("/2"), "/2": redirect("/3"), "/3": redirect("/4")}

    with pytest.raises(outbound.BadUrl, match="redirected"):
        fetch("http://media.example/0")

    assert [request.target for request in media.requests] == ["/0", "/1", "/2", "/3"]


def test_a_redirect_without_a_location_is_a_refusal(media):
    media.pages["/"] = answer(302)

    with pytest.raises(outbound.RefusedStatus, match="302"):
        fetch("http://media.example/")


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:80/",
        "//127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.7:8443/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00:ec2::254]/",
        "http://168.63.129.16/",
        "http://inner.example/",
        "http://mixed.example/",
    ],
)
def test_a_redirect_to_an_inner_address_is_refused(location, media, internet):
    internet.name("inner.example", [INNER])
    internet.name("mixed.example", [PUBLIC, INNER])
    media.pages["/"] = redirect(location)

    with pytest.raises(outbound.ForbiddenAddress):
        fetch("http://media.example/")

    assert internet.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://media.example/",
        "gopher://127.0.0.1:6379/_INFO",
        "data:audio/wav;base64,AAAA",
        "javascript:alert(1)",
        "http://media.example:22/",
        "http://ann:secret@media.example/",
        "http://media.example@127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1",
        "http://[::1%25lo]/",
        "http://127.0.0.1\\@media.example/",
        "\\\\127.0.0.1\\a",
        "/" + "c" * 9000,
    ],
)
def test_a_redirect_to_a_hostile_spelling_is_refused(location, media, internet):
    media.pages["/"] = redirect(location)

    with pytest.raises(outbound.BadUrl):
        fetch("http://media.example/")

    assert internet.connected == [(PUBLIC, 80)]


def test_a_chain_that_ends_inside_is_refused_at_its_last_step(media, internet):
    media.pages |= {"/0": redirect("/1"), "/1": redirect("/2"), "/2": redirect(f"http://{INNER}/")}

    with pytest.raises(outbound.ForbiddenAddress):
        fetch("http://media.example/0")

    assert set(internet.connected) == {(PUBLIC, 80)}


def test_each_step_looks_its_name_up_anew(media, internet):
    internet.name("media.example", [PUBLIC], ["127.0.0.1"])
    media.pages["/"] = redirect("/again")

    with pytest.raises(outbound.ForbiddenAddress):
        fetch("http://media.example/")

    assert internet.connected == [(PUBLIC, 80)]


def test_a_redirect_from_http_to_https_is_followed(media, internet, new_site, trusted_authority):
    secure = new_site(tls=trusted_authority.server("media.example"))
    secure.pages["/"] = answer(body=b"sound")
    internet.route(PUBLIC, 443, secure)
    media.pages["/"] = redirect("https://media.example/")

    assert fetch("http://media.example/").bytes == 5


def test_a_redirect_from_https_to_http_is_refused(media, internet, new_site, trusted_authority):
    secure = new_site(tls=trusted_authority.server("media.example"))
    secure.pages["/"] = redirect("http://media.example/")
    internet.route(PUBLIC, 443, secure)

    with pytest.raises(outbound.BadUrl, match="https to http"):
        fetch("https://media.example/")

    assert media.requests == []


def test_a_redirect_may_not_leave_the_schemes_that_were_asked_for(media):
    media.pages["/"] = redirect("https://media.example/")

    with pytest.raises(outbound.BadUrl):
        fetch("http://media.example/", schemes=("http",))


@pytest.mark.parametrize("location", ["/b", "http://other.example/b"])
def test_what_the_caller_says_to_a_server_is_not_repeated_to_the_next(location, media, internet):
    internet.name("other.example", [PUBLIC_V6])
    internet.route(PUBLIC_V6, 80, media)
    media.pages |= {"/a": redirect(location), "/b": answer()}

    fetch("http://media.example/a", headers={"Authorization": "Bearer token", "Cookie": "a=b", "X-Key": "c"})

    assert set(media.requests[0].headers) >= {"authorization", "cookie", "x-key"}
    assert set(media.requests[1].headers) == {"host", "user-agent", "accept-encoding", "connection"}


def test_the_wanted_range_goes_with_a_redirect(media):
    media.pages |= {"/a": redirect("/b"), "/b": answer(206, b"56789", content_range="bytes 5-9/10")}

    arrived = fetch("http://media.example/a", start=5)

    assert media.requests[1].headers["range"] == "bytes=5-"
    assert arrived.resumed
