"""What is asked where nobody listens, or in a way that nobody understands."""

import pytest

from tests.dialects.api import Api

pytestmark = pytest.mark.django_db


def refusal(response) -> tuple[int, str, str]:
    body = response.json()
    assert set(body) == {"success", "message", "error_code", "request_id"}
    assert body["request_id"] == response["X-Request-Id"]
    return response.status_code, body["error_code"], body["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", ["/", "/nope", "/video/m-1/nope", "/collection/default/upload/deeper", "//", "/%00"])
def test_an_unknown_path_answers_in_json(method, path):
    response = Api().generic(method, path)

    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"


def test_an_unknown_path_says_so(api):
    assert refusal(api.get("/nope")) == (404, "NOT_FOUND", "There is nothing at this address. Check its spelling.")


@pytest.mark.parametrize(
    "body",
    [b"{", b"nope", b'{"a": NaN}', b"\xff\xfe", b'{"name": "x"', b"[" * 100_000, b'{"a":' * 50_000, b"1" * 10_000],
    ids=lambda body: body[:12].decode(errors="replace"),
)
def test_a_body_that_is_not_json_is_refused(api, body):
    response = api.call("POST", "/collection", body)

    assert refusal(response) == (400, "INVALID_REQUEST", "The request cannot be understood.")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"', b"true"])
def test_json_that_is_no_object_is_refused(api, body):
    assert refusal(api.call("POST", "/collection", body))[:2] == (400, "INVALID_REQUEST")


def test_a_body_that_is_too_large_is_refused(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = api.call("POST", "/collection", {"name": "x" * 100})

    assert refusal(response)[:2] == (413, "TOO_LARGE")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "nonsense", ""])
def test_a_body_of_another_type_is_refused(api, content_type):
    response = api.generic("POST", "/collection", b'{"name": "x"}', content_type=content_type)

    assert refusal(response)[:2] == (415, "UNSUPPORTED")


@pytest.mark.parametrize("charset", ["nonsense", "bz2_codec"])
def test_a_charset_that_is_none_is_refused(api, charset):
    response = api.generic("POST", "/collection", b"{}", content_type=f"application/json; charset={charset}")

    assert refusal(response)[:2] == (400, "INVALID_REQUEST")


def test_a_host_that_is_none_is_refused(api):
    response = api.get("/collection/default/upload_url", headers={"Host": "not a host"})

    assert refusal(response)[:2] == (400, "INVALID_REQUEST")


def test_options_tell_the_methods_without_a_key():
    response = Api().options("/collection")

    assert (response.status_code, response["Allow"], response.content) == (204, "GET, POST, HEAD, OPTIONS", b"")


def test_answers_are_private_to_the_key(api):
    response = api.get("/collection")

    assert (response["Cache-Control"], response["Vary"]) == ("private", "x-access-token")


def test_refusals_are_private_to_the_key():
    response = Api().get("/collection")

    assert (response["Cache-Control"], response["Vary"]) == ("private", "x-access-token")


@pytest.mark.parametrize("path", ["/collection", "/nope", "/video/m-1"])
def test_head_tells_the_length_of_what_get_would_say(api, path):
    shown, told = api.get(path), api.head(path)

    assert (told.status_code, told.content) == (shown.status_code, b"")
    assert told["Content-Length"] == shown["Content-Length"] == str(len(shown.content))
