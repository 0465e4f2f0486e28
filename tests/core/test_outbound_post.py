"""Delivering a body to a receiver."""

import gzip
import time

import pytest

from core import outbound
from tests.core.loopback import PATIENCE_SECONDS, PUBLIC, answer, redirect


def send(url, body=b'{"a": 1}', *, headers=None, deadline_seconds=5, **options):
    return outbound.post(url, body, headers=headers or {}, deadline_seconds=deadline_seconds, **options)


def test_a_body_is_delivered(site):
    site.pages["/hook"] = answer(204)

    reply = send(f"{site.url}/hook?a=b", headers={"Content-Type": "application/json", "Webhook-Id": "evt_1"})

    [request] = site.requests
    assert (request.method, request.target, request.body) == ("POST", "/hook?a=b", b'{"a": 1}')
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "evt_1"
    assert request.headers["content-length"] == "8"
    assert reply.status == 204


def test_an_empty_body_is_delivered(site):
    site.pages["/"] = answer()

    send(site.url, b"")

    assert site.requests[0].headers["content-length"] == "0"


def test_a_large_body_is_delivered(site):
    site.pages["/"] = answer()

    send(site.url, b"a" * 3_000_000)

    assert len(site.requests[0].body) == 3_000_000


@pytest.mark.parametrize("status", [200, 202, 301, 302, 307, 400, 404, 410, 429, 500, 503])
def test_every_status_is_a_reply(status, site):
    site.pages["/"] = answer(status, b"words")

    reply = send(site.url)

    assert (reply.status, reply.body) == (status, b"words")


def test_a_redirect_is_not_followed(site):
    site.pages |= {"/": redirect("/other", 307), "/other": answer()}

    reply = send(site.url)

    assert (reply.status, reply.headers["location"]) == (307, "/other")
    assert [request.target for request in site.requests] == ["/"]


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_headers_are_found_whatever_their_case(name, site):
    site.pages["/"] = answer(429, retry_after="120")

    assert send(site.url).headers[name] == send(site.url).headers.get(name) == "120"


def test_a_missing_header_is_missing(site):
    site.pages["/"] = answer()

    headers = send(site.url).headers

    assert "retry-after" not in headers
    assert headers.get("retry-after") is None


def test_repeated_and_folded_headers_come_as_one_line(site):
    site.pages["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: b\r\n  c\r\nx-a: d\r\n\r\n"

    assert send(site.url).headers["X-A"] == "b c, d"


def test_only_the_opening_of_the_answer_is_kept(site):
    site.pages["/"] = answer(body=b"a" * 1_000_000)

    assert send(site.url).body == b"a" * 2048


def test_a_compressed_answer_is_decoded_as_far_as_it_is_kept(site):
    site.pages["/"] = answer(body=gzip.compress(bytes(10_000_000)), content_encoding="gzip")

    assert send(site.url).body == bytes(2048)


@pytest.mark.parametrize(
    ("page", "body"),
    [
        (answer(content_length="100", body=b"words"), b"words"),
        (answer(body=b"words", content_encoding="gzip"), b""),
        (answer(body=b"words", content_encoding="br"), b""),
        (answer(content_length="none", transfer_encoding="chunked") + b"5\r\nwords\r\nx", b"words"),
    ],
)
def test_a_faulty_body_does_not_undo_a_delivery(page, body, site):
    site.pages["/"] = page

    reply = send(site.url)

    assert (reply.status, reply.body) == (200, body)


def test_a_body_that_stalls_does_not_undo_a_delivery(site):
    def stalling(site):
        yield answer(content_length="100", body=b"words")
        site.stall()

    site.pages["/"] = stalling

    reply = send(site.url, deadline_seconds=0.15)

    assert (reply.status, reply.body) == (200, b"words")
    assert 0.1 < reply.seconds < 2


def test_a_receiver_that_does_not_read_is_too_slow(new_site):
    def stalling(site):
        site.stall()
        yield b""

    site = new_site(greeting=stalling)
    started_at = time.monotonic()

    with pytest.raises(outbound.TooSlow):
        send(site.url, b"a" * 30_000_000, deadline_seconds=0.15)

    assert time.monotonic() - started_at < PATIENCE_SECONDS / 4


def test_only_https_will_do_by_default(internet):
    internet.name("hooks.example", [PUBLIC])

    with pytest.raises(outbound.BadUrl, match="https://"):
        send("http://hooks.example/")

    assert internet.connected == []


def test_http_will_do_where_it_is_admitted(internet, site):
    internet.name("hooks.example", [PUBLIC])
    internet.route(PUBLIC, 80, site)
    site.pages["/"] = answer(204)

    assert send("http://hooks.example/", schemes=("http", "https")).status == 204


def test_https_carries_a_post(internet, new_site, trusted_authority):
    site = new_site(tls=trusted_authority.server("hooks.example"))
    site.pages["/"] = answer(204)
    internet.name("hooks.example", [PUBLIC])
    internet.route(PUBLIC, 443, site)

    assert send("https://hooks.example/", b"a" * 3_000_000).status == 204
    assert len(site.requests[0].body) == 3_000_000


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1"])
def test_an_inner_receiver_is_refused(address, internet):
    internet.name("hooks.example", [PUBLIC, address])

    with pytest.raises(outbound.ForbiddenAddress):
        send("https://hooks.example/")

    assert internet.connected == []
