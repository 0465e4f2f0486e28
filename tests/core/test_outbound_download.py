"""Fetching a file by its URL."""

import gzip
import io
import zlib

import pytest

from core import outbound
from core.errors import Invalid
from tests.core.loopback import answer


def fetch(url, to=None, *, max_bytes=1_000_000, deadline_seconds=5, **options):
    return outbound.download(
        url, io.BytesIO() if to is None else to, max_bytes=max_bytes, deadline_seconds=deadline_seconds, **options
    )


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def test_a_file_arrives_whole(site):
    site.pages["/a.wav"] = answer(body=b"sound" * 100_000, content_type="Audio/WAV; rate=16000")
    to = io.BytesIO()

    arrived = fetch(f"{site.url}/a.wav", to)

    assert to.getvalue() == b"sound" * 100_000
    assert arrived == outbound.Download(bytes=500_000, content_type="audio/wav", filename="a.wav", resumed=False)


def test_an_empty_file_arrives(site):
    site.pages["/a.wav"] = answer()

    assert fetch(f"{site.url}/a.wav").bytes == 0


def test_a_chunked_file_arrives_whole(site):
    head = answer(content_length="none", transfer_encoding="chunked")
    site.pages["/a.wav"] = head + chunked(b"so", b"und" * 50_000, b"!")
    to = io.BytesIO()

    fetch(f"{site.url}/a.wav", to)

    assert to.getvalue() == b"so" + b"und" * 50_000 + b"!"


def test_a_file_that_ends_with_the_connection_arrives_whole(site):
    site.pages["/a.wav"] = answer(content_length="none") + b"sound"

    assert fetch(f"{site.url}/a.wav").bytes == 5


def test_a_request_says_what_is_wanted_and_by_whom(site):
    site.pages["/a b"] = site.pages["/a%20b"] = answer()

    fetch(f"{site.url}/a%20b?c=d")

    [request] = site.requests
    assert (request.method, request.target) == ("GET", "/a%20b?c=d")
    assert request.headers == {
        "host": f"127.0.0.1:{site.port}",
        "user-agent": "Polyscribe",
        "accept-encoding": "identity",
        "connection": "close",
    }


def test_the_callers_headers_are_sent(site):
    site.pages["/"] = answer()

    fetch(site.url, headers={"Authorization": "Bearer token", "User-Agent": "Other"})

    assert site.requests[0].headers["authorization"] == "Bearer token"
    assert site.requests[0].headers["user-agent"] == "Other"


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Range", "Accept-Encoding"])
def test_headers_that_frame_the_message_are_not_the_callers_to_set(name, site):
    site.pages["/"] = answer()

    fetch(site.url, headers={name: "7"})

    assert site.requests[0].headers.get(name.lower()) != "7"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "b\r\nX-C: d"),
        ("X-A", "b\nX-C: d"),
        ("X-A", "b\x00"),
        ("X-A", "→"),
        ("X-A\r\nX-C", "d"),
        ("X A", "b"),
        ("X-A:", "b"),
        ("", "b"),
    ],
)
def test_headers_that_would_break_the_message_are_refused(name, value, site):
    with pytest.raises(Invalid, match="header"):
        fetch(site.url, headers={name: value})

    assert site.requests == []


def test_progress_is_told_with_the_total(site):
    site.pages["/"] = answer(body=b"a" * 100_000)
    told = []

    fetch(site.url, on_progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (100_000, 100_000)
    assert told == sorted(told)
    assert {total for _, total in told} == {100_000}


def test_progress_without_a_known_total_says_so(site):
    site.pages["/"] = answer(content_length="none") + b"sound"
    told = []

    fetch(site.url, on_progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (5, None)


def test_a_transfer_stops_when_asked_to(site):
    def endless(site):
        yield answer(content_length="none")
        yield from site.trickle(b"a")

    site.pages["/"] = endless
    to, asked = io.BytesIO(), iter([False, False, True])

    with pytest.raises(outbound.Stopped):
        fetch(site.url, to, should_stop=lambda: next(asked))

    assert to.getvalue() == b"aa"


@pytest.mark.parametrize("status", [199, 300, 304, 400, 401, 403, 404, 410, 416, 451])
def test_a_refusal_names_its_status(status, site):
    site.pages["/"] = answer(status)

    with pytest.raises(outbound.RefusedStatus, match=str(status)) as refusal:
        fetch(site.url)

    assert refusal.value.status == refusal.value.details["status"] == status
    assert not refusal.value.is_temporary


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_refusal_may_be_tried_again(status, site):
    site.pages["/"] = answer(status)

    with pytest.raises(outbound.RefusedStatus) as refusal:
        fetch(site.url)

    assert refusal.value.is_temporary


def test_a_refusal_leaves_the_file_alone(site):
    site.pages["/"] = answer(404, b"not here")
    to = io.BytesIO(b"before")

    with pytest.raises(outbound.RefusedStatus):
        fetch(site.url, to, start=3)

    assert to.getvalue() == b"before"


def test_an_interrupted_transfer_goes_on_where_it_was(site):
    site.pages["/"] = answer(206, b"56789", content_range="bytes 5-9/10")
    to, told = io.BytesIO(b"01234torn"), []

    arrived = fetch(site.url, to, start=5, on_progress=lambda done, total: told.append((done, total)))

    assert site.requests[0].headers["range"] == "bytes=5-"
    assert to.getvalue() == b"0123456789"
    assert (arrived.bytes, arrived.resumed, told) == (10, True, [(10, 10)])


def test_a_server_that_ignores_the_range_sends_the_whole_again(site):
    site.pages["/"] = answer(200, b"0123")
    to = io.BytesIO(b"01234torn")

    arrived = fetch(site.url, to, start=5)

    assert to.getvalue() == b"0123"
    assert (arrived.bytes, arrived.resumed) == (4, False)


def test_a_server_with_nothing_more_says_so(site):
    site.pages["/"] = answer(416, content_range="bytes */5")

    with pytest.raises(outbound.RefusedStatus) as refusal:
        fetch(site.url, start=5)

    assert refusal.value.status == 416


@pytest.mark.parametrize("content_range", ["bytes 0-9/10", "bytes 6-9/10", "bytes */10", "items 5-9/10", "", "bytes 5"])
def test_another_part_than_the_one_asked_for_is_refused(content_range, site):
    site.pages["/"] = answer(206, b"56789", content_range=content_range)

    with pytest.raises(outbound.UnreadableAnswer):
        fetch(site.url, start=5)


def test_a_part_that_nobody_asked_for_is_refused(site):
    site.pages["/"] = answer(206, b"01234", content_range="bytes 0-4/10")

    with pytest.raises(outbound.UnreadableAnswer):
        fetch(site.url)


def test_a_part_of_a_compressed_whole_is_refused(site):
    site.pages["/"] = answer(206, gzip.compress(b"a"), content_range="bytes 5-9/10", content_encoding="gzip")

    with pytest.raises(outbound.UnreadableAnswer):
        fetch(site.url, start=5)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"sound" * 50_000)),
        ("GZIP", gzip.compress(b"sound" * 50_000)),
        ("x-gzip", gzip.compress(b"sound" * 20_000) + gzip.compress(b"sound" * 30_000)),
        ("deflate", zlib.compress(b"sound" * 50_000)),
        ("identity", b"sound" * 50_000),
    ],
)
def test_a_body_compressed_unasked_is_decoded(encoding, body, site):
    site.pages["/"] = answer(body=body, content_encoding=encoding)
    to = io.BytesIO()

    fetch(site.url, to)

    assert to.getvalue() == b"sound" * 50_000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"\x0b\x02\x80sound\x03"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"sound"))),
        ("unheard-of", b"sound"),
        ("gzip", b"sound"),
        ("gzip", gzip.compress(b"sound")[:-4]),
        ("gzip", gzip.compress(b"sound") + b"and garbage"),
        ("gzip", b""),
        ("deflate", b"sound"),
    ],
)
def test_a_body_that_cannot_be_decoded_is_refused(encoding, body, site):
    site.pages["/"] = answer(body=body, content_encoding=encoding)

    with pytest.raises(outbound.UnreadableAnswer):
        fetch(site.url)


def test_a_full_disk_is_not_blamed_on_the_server(site):
    class FullDisk(io.BytesIO):
        def write(self, piece):
            raise OSError("No space left on device")

    site.pages["/"] = answer(body=b"sound")

    with pytest.raises(OSError, match="No space left"):
        fetch(site.url, FullDisk())
