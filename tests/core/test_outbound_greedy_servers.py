"""Servers that flood, explode, lie or babble: no more than the limit is kept, and no more is told than is needed."""

import gzip
import io
import logging
import socket
import zlib

import pytest

from core import outbound
from tests.core.loopback import PUBLIC, answer, redirect


class Sink(io.BytesIO):
    """A file that remembers how large it ever became."""

    def __init__(self):
        super().__init__()
        self.most = 0

    def write(self, piece):
        written = super().write(piece)
        self.most = max(self.most, self.tell())
        return written


def fetch(url, to=None, *, max_bytes=1000, deadline_seconds=5, **options):
    return outbound.download(
        url, Sink() if to is None else to, max_bytes=max_bytes, deadline_seconds=deadline_seconds, **options
    )


def chunk(size: int) -> bytes:
    return b"%x\r\n%s\r\n" % (size, b"a" * size)


def flood_without_length(site):
    yield answer(content_length="none")
    while not site.over.is_set():
        yield b"a" * 65536


def flood_of_chunks(site):
    yield answer(content_length="none", transfer_encoding="chunked")
    while not site.over.is_set():
        yield chunk(500)


def flood_of_tiny_chunks(site):
    yield answer(content_length="none", transfer_encoding="chunked")
    while not site.over.is_set():
        yield chunk(1) * 1000


def flood_of_chunk_extensions(site):
    yield answer(content_length="none", transfer_encoding="chunked")
    while not site.over.is_set():
        yield b"1;" + b"x" * 60_000 + b"\r\na\r\n"


def flood_of_trailers(site):
    yield answer(content_length="none", transfer_encoding="chunked") + b"0\r\n"
    while not site.over.is_set():
        yield b"X-A: b\r\n" * 1000


def flood_of_gzip_members(site):
    yield answer(content_length="none", content_encoding="gzip")
    while not site.over.is_set():
        yield gzip.compress(b"") * 1000


@pytest.mark.parametrize(
    "script",
    [
        flood_without_length,
        flood_of_chunks,
        flood_of_tiny_chunks,
        flood_of_chunk_extensions,
        flood_of_trailers,
        flood_of_gzip_members,
    ],
)
def test_a_flood_is_cut_at_the_limit(script, site):
    site.pages["/"] = script
    to = Sink()

    with pytest.raises(outbound.TooManyBytes) as fault:
        fetch(site.url, to, max_bytes=200_000)

    assert to.most <= 200_000
    assert fault.value.details == {"limit_bytes": 200_000}
    assert not fault.value.is_temporary


def test_a_file_that_announces_too_much_is_refused_before_a_byte_is_kept(site):
    site.pages["/"] = answer(body=b"a" * 300_001)
    to = Sink()

    with pytest.raises(outbound.TooManyBytes):
        fetch(site.url, to, max_bytes=300_000)

    assert to.most == 0


def test_a_file_of_exactly_the_limit_is_admitted(site):
    site.pages["/"] = answer(body=b"a" * 1000)

    assert fetch(site.url).bytes == 1000


def test_a_chunked_file_of_exactly_the_limit_is_admitted(site):
    site.pages["/"] = answer(content_length="none", transfer_encoding="chunked") + chunk(999) + chunk(1) + b"0\r\n\r\n"

    assert fetch(site.url).bytes == 1000


def test_what_an_earlier_try_left_counts_towards_the_limit(site):
    def part(site):
        yield answer(206, content_length="none", content_range="bytes 900-1000/1001") + b"a" * 101

    site.pages["/"] = part
    to = Sink()

    with pytest.raises(outbound.TooManyBytes):
        fetch(site.url, to, start=900)

    assert to.most <= 1000


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", gzip.compress(bytes(50_000_000))),
        ("deflate", zlib.compress(bytes(50_000_000))),
        ("gzip", gzip.compress(bytes(100_000)) * 500),
    ],
)
def test_a_bomb_is_cut_at_the_limit(encoding, bomb, site):
    site.pages["/"] = answer(body=bomb, content_encoding=encoding)
    to = Sink()

    with pytest.raises(outbound.TooManyBytes):
        fetch(site.url, to, max_bytes=200_000)

    assert to.most <= 200_000


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X-A: " + b"b" * 1000 + b"\r\n") * 80 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
        b"HTTP/1.1 " + b"2" * 70_000,
    ],
)
def test_a_swollen_head_is_refused(head, site):
    site.pages["/"] = head

    with pytest.raises(outbound.Unreachable):
        fetch(site.url)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"220 mail.example ESMTP\r\n",
        b"+PONG\r\n",
        b"<html>hello</html>",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nsome",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsome",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nsome",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsound",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 70_000,
    ],
    ids=lambda page: page[:60].decode().encode("unicode_escape").decode(),
)
def test_an_answer_that_is_none_or_breaks_off_is_a_fault_of_the_server(page, site):
    site.pages["/"] = page

    with pytest.raises(outbound.Unreachable) as fault:
        fetch(site.url)

    assert fault.value.is_temporary


def test_a_closed_port_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(outbound.Unreachable):
        fetch(f"http://127.0.0.1:{port}/")


def test_a_closed_port_and_an_unknown_name_read_alike(internet):
    internet.name("closed.example", [PUBLIC])

    with pytest.raises(outbound.Unreachable) as closed:
        fetch("http://closed.example/")
    with pytest.raises(outbound.Unreachable) as unknown:
        fetch("http://unknown.example/")

    assert closed.value.message == unknown.value.message


def silent(site):
    site.stall()
    yield b""


@pytest.mark.parametrize(
    "page", [b"", answer(404), answer(206), redirect("http://10.0.0.1/?CANARY"), answer(content_length="9"), silent]
)
def test_neither_log_nor_message_carries_a_query_or_an_address(page, internet, site, caplog):
    caplog.set_level(logging.DEBUG)
    internet.name("media.example", [PUBLIC])
    internet.route(PUBLIC, 80, site)
    site.pages["/"] = page

    with pytest.raises(outbound.OutboundError) as fault:
        fetch("http://media.example/?token=CANARY", headers={"Authorization": "CANARY"}, deadline_seconds=0.15)

    told = caplog.text + fault.value.message + str(fault.value.details)
    assert "CANARY" not in told
    assert PUBLIC not in told
    assert "10.0.0.1" not in told
