from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from media.collections import default_collection
from media.models import Fetch, Media, Upload
from orgs.models import Delivery
from tests.dialects.api import Api
from tests.jobs import SPEECH

NULLS = {"name": None, "description": None, "callback_url": None, "media_type": None}
UPLOAD = "/collection/default/upload"


def clip(name: str, *, called: str = "clip") -> SimpleUploadedFile:
    """As the Python client sends files: without an extension, as bytes of no type."""
    return SimpleUploadedFile(called, (SPEECH / name).read_bytes(), content_type="application/octet-stream")


def upload_url(api: Api, query: str = "") -> str:
    return api.get(f"/collection/default/upload_url{query}").json()["data"]["upload_url"]


def sent(api: Api, name: str) -> str:
    """Send a clip to a new upload link, without a key, and return the link."""
    link = upload_url(api)
    answer = Api().post(urlsplit(link).path, {"file": clip(name)})
    assert answer.status_code == 200
    return link


def test_an_upload_link_is_absolute(api):
    parts = urlsplit(upload_url(api, "?name=talk"))

    assert (parts.scheme, parts.netloc) == ("http", "testserver")
    assert parts.path.startswith("/upload/")


def test_an_upload_link_remembers_the_name(api, acme):
    upload_url(api, "?name=talk")

    assert Upload.of(acme).get().name == "talk"


def test_what_was_sent_to_an_upload_link_is_media_at_once(api, acme):
    link = sent(api, "video.mp4")

    response = api.call("POST", UPLOAD, {"url": link, **NULLS, "name": "talk"})

    data = response.json()["data"]
    made = Media.of(acme).get()
    assert response.json() == {
        "success": True,
        "data": {
            "id": made.public_id,
            "collection_id": default_collection(acme).public_id,
            "name": "talk",
            "description": None,
            "size": "293536",
            "user_id": made.created_by,
            "stream_url": data["stream_url"],
            "player_url": None,
            "thumbnail_url": None,
            "created_at": data["created_at"],
            "length": "20.1",
        },
    }
    assert made.public_id.startswith("m-")


@pytest.mark.parametrize(
    ("name", "media_type", "prefix"),
    [
        ("video.mp4", None, "m-"),
        ("video.mp4", "video", "m-"),
        ("video.mp4", "audio", "a-"),
        ("short.wav", None, "a-"),
        ("short.wav", "", "a-"),
        ("short.wav", "audio", "a-"),
        ("short.wav", "video", "m-"),
    ],
)
def test_the_kind_is_what_is_asked_for_else_what_is_inside(api, name, media_type, prefix):
    response = api.call("POST", UPLOAD, {"url": sent(api, name), **NULLS, "media_type": media_type})

    assert response.json()["data"]["id"].startswith(prefix)


def test_an_upload_link_that_was_never_filled_says_so(api):
    response = api.call("POST", UPLOAD, {"url": upload_url(api), **NULLS})

    assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")
    assert response.json()["message"] == "No file has been sent to this upload link yet."


def test_what_is_no_media_is_refused(api, acme):
    response = api.post(UPLOAD, {"file": SimpleUploadedFile("talk.mp4", b"this is only text")})

    assert (response.status_code, response.json()["error_code"]) == (415, "UNSUPPORTED")
    assert not Media.of(acme).exists()


def test_a_file_can_be_sent_at_once(api, acme, key):
    response = api.post(UPLOAD, {"file": clip("short.wav", called="memo"), "description": "A short one"})

    made = Media.of(acme).get()
    assert response.json()["data"]["id"] == made.public_id
    assert (made.kind, made.name, made.description) == ("audio", "memo", "A short one")
    assert made.created_by == key.key.public_id


def test_a_url_is_fetched_later(api, acme):
    response = api.call("POST", UPLOAD, {"url": "http://127.0.0.1:9/talk.mp4", **NULLS, "name": "talk"})

    fetch = Fetch.of(acme).get()
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "status": "processing",
        "request_type": "sync",
        "data": {"id": fetch.public_id, "output_url": f"http://testserver/async-response/{fetch.public_id}"},
    }
    assert (fetch.url, fetch.name, fetch.kind) == ("http://127.0.0.1:9/talk.mp4", "talk", "")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        5,
        ["http://127.0.0.1/x"],
        "talk.mp4",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "http://",
        "http://[",
        "http://user:word@example.com/x",
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://0x7f.1/x",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\x00",
        "http://127.0.0.1/" + "x" * 2048,
    ],
    ids=ascii,
)
def test_a_url_that_cannot_be_fetched_is_refused(api, acme, url):
    response = api.call("POST", UPLOAD, {**NULLS, "url": url})

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")
    assert not Fetch.of(acme).exists()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": "x" * 501}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"description": "\ud800"}, "description"),
        ({"media_type": "film"}, "media_type"),
        ({"media_type": 1}, "media_type"),
        ({"callback_url": "nowhere"}, "callback_url"),
        ({"callback_url": "http://10.0.0.1/hook"}, "callback_url"),
        ({"callback_url": {}}, "callback_url"),
    ],
    ids=ascii,
)
def test_nonsense_beside_a_url_is_refused(api, acme, fields, named):
    response = api.call("POST", UPLOAD, {"url": "http://127.0.0.1:9/x", **fields})

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")
    assert response.json()["message"].startswith(f"{named}: ")
    assert not Fetch.of(acme).exists()


def test_a_picture_is_refused_in_plain_words(api, acme):
    response = api.call("POST", UPLOAD, {"url": "http://127.0.0.1:9/x.png", "media_type": "image"})

    assert (response.status_code, response.json()["error_code"]) == (415, "UNSUPPORTED")
    assert response.json()["message"] == "Pictures cannot be kept here yet. Send audio or video."
    assert not Fetch.of(acme).exists()


def test_a_callback_is_kept_with_the_fetch(api, acme):
    api.call(
        "POST",
        UPLOAD,
        {"url": "http://127.0.0.1:9/x", "callback_url": "http://127.0.0.1:9/hook", "callback_data": {"a": [1, None]}},
    )

    assert Fetch.of(acme).get().callback == {
        "dialect": "videodb",
        "url": "http://127.0.0.1:9/hook",
        "data": {"base_url": "http://testserver", "callback_data": {"a": [1, None]}},
    }


def test_media_at_once_go_to_the_callback_too(api, acme):
    api.post(UPLOAD, {"file": clip("short.wav"), "callback_url": "http://127.0.0.1:9/hook"})

    delivery = Delivery.of(acme).get()
    assert delivery.url == "http://127.0.0.1:9/hook"
    assert delivery.event.payload == {"media": Media.of(acme).get().public_id}
