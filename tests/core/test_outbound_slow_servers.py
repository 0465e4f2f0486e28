"""Servers that stall or trickle: every one is left when its deadline has come."""

import gzip
import io
import socket
import time

import pytest

from core import outbound
from core.outbound import connection, incoming
from tests.core.loopback import PATIENCE_SECONDS, answer, redirect

WELL_BEFORE_PATIENCE_SECONDS = PATIENCE_SECONDS / 4


def fetch(url, *, deadline_seconds=0.15):
    return outbound.download(url, io.BytesIO(), max_bytes=1000, deadline_seconds=deadline_seconds)


def silent(site):
    site.stall()
    yield b""


def silent_in_the_headers(site):
    yield b"HTTP/1.1 200 OK\r\nContent-Le"
    site.stall()


def silent_in_the_body(site):
    yield answer(content_length="100") + b"some"
    site.stall()


def silent_in_a_chunk(site):
    yield answer(content_length="none", transfer_encoding="chunked") + b"100\r\nsome"
    site.stall()


def silent_in_the_compressed_body(site):
    yield answer(content_length="100", content_encoding="gzip") + gzip.compress(b"some")[:12]
    site.stall()


def trickling_status_line(site):
    yield b"HTTP/1.1 "
    yield from site.trickle(b"2")


def trickling_header(site):
    yield b"HTTP/1.1 200 OK\r\nX-A: "
    yield from site.trickle(b"a")


def trickling_headers(site):
    yield b"HTTP/1.1 200 OK\r\n"
    yield from site.trickle(b"X-A: b\r\n")


def endless_continue(site):
    yield from site.trickle(b"HTTP/1.1 100 Continue\r\n\r\n")


def trickling_body(site):
    yield answer(content_length="1000")
    yield from site.trickle(b"a")


def trickling_chunk_size(site):
    yield answer(content_length="none", transfer_encoding="chunked")
    yield from site.trickle(b"0")


def trickling_chunk_extension(site):
    yield answer(content_length="none", transfer_encoding="chunked") + b"1;"
    yield from site.trickle(b"a")


def trickling_trailer(site):
    yield answer(content_length="none", transfer_encoding="chunked") + b"0\r\n"
    yield from site.trickle(b"X-A: b\r\n")


def trickling_compressed_nothing(site):
    yield answer(content_length="none", content_encoding="gzip") + gzip.compress(b"")
    yield from site.trickle(gzip.compress(b""))


SLOW = [
    silent,
    silent_in_the_headers,
    silent_in_the_body,
    silent_in_a_chunk,
    silent_in_the_compressed_body,
    trickling_status_line,
    trickling_header,
    trickling_headers,
    endless_continue,
    trickling_body,
    trickling_chunk_size,
    trickling_chunk_extension,
    trickling_trailer,
    trickling_compressed_nothing,
]


@pytest.mark.parametrize("script", SLOW)
def test_no_pace_outlasts_the_deadline(script, site):
    site.pages["/"] = script
    started_at = time.monotonic()

    with pytest.raises(outbound.TooSlow) as fault:
        fetch(site.url)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS
    assert fault.value.is_temporary


@pytest.mark.parametrize("script", [silent, trickling_header, trickling_body, trickling_chunk_size])
def test_no_pace_outlasts_the_deadline_over_tls(script, trusted_authority, new_site):
    site = new_site(tls=trusted_authority.server("127.0.0.1"))
    site.pages["/"] = script
    started_at = time.monotonic()

    with pytest.raises(outbound.TooSlow):
        fetch(f"https://127.0.0.1:{site.port}/", deadline_seconds=0.4)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS


def test_a_server_that_trickles_is_left_long_before_its_deadline(site, monkeypatch):
    monkeypatch.setattr(incoming, "PACE_SECONDS", 0.05)
    site.pages["/"] = trickling_body
    started_at = time.monotonic()

    with pytest.raises(outbound.TooSlow):
        fetch(site.url, deadline_seconds=60)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS


@pytest.mark.parametrize("script", [silent, silent_in_the_headers, trickling_headers, endless_continue])
def test_no_pace_outlasts_the_deadline_of_a_post(script, site):
    site.pages["/"] = script

    with pytest.raises(outbound.TooSlow):
        outbound.post(site.url, b"{}", headers={}, deadline_seconds=0.15)


def test_the_deadline_holds_for_all_redirects_together(site):
    def slow_redirect(site):
        site.over.wait(0.06)
        yield redirect("/")

    site.pages["/"] = slow_redirect
    started_at = time.monotonic()

    with pytest.raises(outbound.TooSlow):
        fetch(site.url, deadline_seconds=0.15)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS


@pytest.mark.parametrize("script", [silent_in_the_body, silent_in_the_headers])
def test_silence_ends_a_transfer_long_before_its_deadline(script, site, monkeypatch):
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.1)
    site.pages["/"] = script
    started_at = time.monotonic()

    with pytest.raises(outbound.TooSlow):
        fetch(site.url, deadline_seconds=30)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS


@pytest.fixture
def full_backlog():
    """A port whose queue of connections is full: it neither accepts nor refuses another."""
    waiting = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for sock in waiting:
            sock.close()


def test_a_server_that_does_not_accept_is_given_up(full_backlog):
    started_at = time.monotonic()

    with pytest.raises(outbound.Unreachable):
        fetch(f"http://127.0.0.1:{full_backlog}/", deadline_seconds=0.15)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS


def test_connecting_has_a_limit_of_its_own(full_backlog, monkeypatch):
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.1)
    started_at = time.monotonic()

    with pytest.raises(outbound.Unreachable):
        fetch(f"http://127.0.0.1:{full_backlog}/", deadline_seconds=30)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS


def test_a_handshake_that_stalls_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        started_at = time.monotonic()

        with pytest.raises(outbound.Unreachable):
            fetch(f"https://127.0.0.1:{mute.getsockname()[1]}/", deadline_seconds=0.15)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS


def test_a_handshake_that_trickles_is_given_up(new_site):
    def endless_record(site):
        yield b"\x16\x03\x03\x3f\xff"  # a handshake record of 16 KiB, one byte at a time
        yield from site.trickle(b"\x00")

    site = new_site(greeting=endless_record)
    started_at = time.monotonic()

    with pytest.raises(outbound.Unreachable):
        fetch(f"https://127.0.0.1:{site.port}/", deadline_seconds=0.15)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS


def test_a_resolver_that_stalls_is_given_up(internet, site, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: site.stall() or [])
    started_at = time.monotonic()

    with pytest.raises(outbound.Unreachable):
        fetch("http://media.example/", deadline_seconds=0.15)

    assert time.monotonic() - started_at < WELL_BEFORE_PATIENCE_SECONDS
