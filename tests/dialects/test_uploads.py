"""Files in bodies: none too large, none too short, none without a limit on its name."""

from io import BytesIO

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from core.errors import Invalid
from dialects.faults import BrokenOff
from dialects.uploads import BareFile, FileForm, file_in, label_of
from media.errors import FileTooLarge

BOUNDARY = "limit"


def form(name: str, content: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def request(body: bytes, *, content_type: str = f"multipart/form-data; boundary={BOUNDARY}", **meta) -> Request:
    sent = RequestFactory().generic("POST", "/", body, content_type=content_type, **meta)
    return Request(sent, parsers=[FileForm(), BareFile()])


@pytest.mark.parametrize("content", [b"", b"x", b"\r\n--limi", b"\x00" * 70_000], ids=len)
def test_a_file_arrives_as_it_was_sent(content):
    file = file_in(request(form("talk.mp4", content)))

    assert (file.read(), file.size, label_of(file)) == (content, len(content), "talk.mp4")


@pytest.mark.parametrize("content_type", ["application/octet-stream", "video/mp4", "application/json", "", "nonsense"])
def test_a_bare_body_is_the_file(content_type):
    file = file_in(request(b"\x00\x01", content_type=content_type))

    assert (file.read(), label_of(file)) == (b"\x00\x01", "")


@pytest.mark.parametrize(
    "name", ["a." + "b" * 300, "c" * 800, "../../etc/passwd", "a\x00b", "\N{SNOWMAN}" * 200, "C:\\x", "%"], ids=ascii
)
def test_no_name_is_too_odd_for_a_file(name):
    file = file_in(request(form(name, b"content")))

    assert file.read() == b"content"
    assert len(label_of(file)) <= 255
    assert "/" not in label_of(file)


@pytest.mark.parametrize(
    "body",
    [
        form("x", b"").replace(b"file", b"film", 1),
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--{BOUNDARY}--\r\n'.encode(),
        f"--{BOUNDARY}--\r\n".encode(),
        b"",
    ],
    ids=["another part", "a text", "no part", "nothing"],
)
def test_a_request_without_a_file_says_so(body):
    with pytest.raises(Invalid) as refusal:
        file_in(request(body))

    assert refusal.value.details == {"fields": {"file": ["Required."]}}


@pytest.mark.parametrize("content_type", [f"multipart/form-data; boundary={BOUNDARY}", "video/mp4"])
def test_a_file_may_be_as_large_as_the_limit(settings, content_type):
    settings.MEDIA_MAX_BYTES = 70_000
    content = b"x" * 70_000
    body = content if content_type == "video/mp4" else form("x", content)

    assert file_in(request(body, content_type=content_type)).size == 70_000


@pytest.mark.parametrize("content_type", [f"multipart/form-data; boundary={BOUNDARY}", "video/mp4"])
def test_a_file_beyond_the_limit_is_refused_while_it_comes(settings, content_type):
    settings.MEDIA_MAX_BYTES = 70_000
    content = b"x" * 70_001
    body = content if content_type == "video/mp4" else form("x", content)

    with pytest.raises(FileTooLarge):
        file_in(request(body, content_type=content_type))


@pytest.mark.parametrize("content_type", [f"multipart/form-data; boundary={BOUNDARY}", "video/mp4"])
def test_a_body_that_is_announced_too_large_is_not_read(settings, content_type):
    settings.MEDIA_MAX_BYTES = 1000
    sent = request(b"", content_type=content_type, CONTENT_LENGTH=str(10**9))
    sent._request._stream = None  # whoever reads it falls over

    with pytest.raises(FileTooLarge):
        file_in(sent)


@pytest.mark.parametrize("content_type", [f"multipart/form-data; boundary={BOUNDARY}", "video/mp4"])
def test_a_body_that_breaks_off_is_no_file(content_type):
    body = form("x", b"x" * 100)

    with pytest.raises(BrokenOff):
        file_in(request(body, content_type=content_type, **broken_off(body)))


def broken_off(body: bytes) -> dict:
    """Return the environment of a request whose client leaves before the last bytes."""
    return {"wsgi.input": BytesIO(body[:-50]), "CONTENT_LENGTH": str(len(body))}
