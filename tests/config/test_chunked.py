"""Bodies without a length."""

import io

import pytest

from config.chunked import Unchunked


def seen(**environ) -> tuple[str | None, bytes]:
    """Return the length and the body that the application behind sees."""
    found = {}

    def application(environ, start_response):
        length = environ.get("CONTENT_LENGTH")
        found["seen"] = length, environ["wsgi.input"].read(int(length or 0))
        return []

    usual = {"wsgi.input": io.BytesIO(b"a body"), "wsgi.input_terminated": True}
    Unchunked(application)({**usual, **environ}, lambda *_: None)
    return found["seen"]


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "gzip, chunked"])
def test_a_body_in_chunks_gets_its_length(coding):
    assert seen(HTTP_TRANSFER_ENCODING=coding) == ("6", b"a body")


def test_a_length_that_is_given_stands():
    assert seen(CONTENT_LENGTH="2") == ("2", b"a ")


def test_without_chunks_and_length_there_is_no_body():
    assert seen() == (None, b"")


def test_input_that_nobody_ends_is_not_read():
    unended = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": False}

    assert seen(**unended) == (None, b"")


def test_what_is_too_large_is_not_kept_whole(settings):
    settings.MEDIA_MAX_BYTES = 1000
    endless = io.BytesIO(b"x" * 10_000_000)

    length, _ = seen(HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": endless})

    assert 1000 < int(length) < 3_000_000
