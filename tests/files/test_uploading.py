from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from media import own_links, services
from media.models import Upload
from orgs import services as orgs
from tests.dialects.api import Api
from tests.jobs import SPEECH

CONTENT = (SPEECH / "short.wav").read_bytes()


@pytest.fixture
def upload(acme) -> Upload:
    return services.open_upload(acme)


@pytest.fixture
def link(upload) -> str:
    return own_links.upload_path(upload)


def content_of(upload: Upload) -> bytes:
    upload.refresh_from_db()
    with default_storage.open(upload.blob.name) as file:
        return file.read()


@pytest.mark.parametrize("name", ["", "/", "/memo.wav"])
def test_a_form_fills_the_link_without_a_key(upload, link, name):
    sent = SimpleUploadedFile("clip", CONTENT, content_type="application/octet-stream")

    response = Api().post(link + name, {"file": sent})

    assert (response.status_code, response.json()) == (
        200,
        {"success": True, "id": upload.public_id, "bytes": len(CONTENT)},
    )
    assert content_of(upload) == CONTENT


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("content_type", ["application/octet-stream", "video/mp4", "application/json", ""])
def test_a_bare_body_fills_the_link(upload, link, method, content_type):
    response = Api().generic(method, link, CONTENT, content_type=content_type)

    assert response.json()["bytes"] == len(CONTENT)
    assert content_of(upload) == CONTENT


def test_a_client_s_own_key_does_no_harm(upload, link):
    response = Api("sk-whatever").post(link, {"file": BytesIO(CONTENT)})

    assert response.status_code == 200


def test_a_second_file_takes_the_place_of_the_first(upload, link):
    Api().generic("PUT", link, b"first")

    Api().generic("PUT", link, b"second")

    assert content_of(upload) == b"second"


@pytest.mark.parametrize("body", [{}, {"film": BytesIO(b"x")}, {"file": "text"}], ids=["nothing", "film", "text"])
def test_a_form_without_a_file_is_refused(upload, link, body):
    response = Api().post(link, body)

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")
    assert response.json()["message"] == "There is no file in this request. Send it as the part `file`."


def test_an_empty_file_is_refused(link):
    response = Api().post(link, {"file": SimpleUploadedFile("clip", b"")})

    assert (response.status_code, response.json()["message"]) == (400, "This file is empty.")


def test_a_file_beyond_the_limit_is_refused(upload, link, settings):
    settings.MEDIA_MAX_BYTES = 1000

    response = Api().post(link, {"file": SimpleUploadedFile("clip", b"x" * 1001)})

    assert (response.status_code, response.json()["error_code"]) == (413, "TOO_LARGE")
    assert response.json()["message"] == "This file is larger than the limit of 1,000 bytes."


def test_a_file_that_is_announced_beyond_the_limit_is_refused(link, settings):
    settings.MEDIA_MAX_BYTES = 1000

    response = Api().generic("PUT", link, b"x", CONTENT_LENGTH=str(3 * 1024**2))

    assert response.status_code == 413


def test_an_expired_link_takes_nothing(acme, settings):
    settings.UPLOAD_LIFETIME_SECONDS = -1
    upload = services.open_upload(acme)

    response = Api().generic("PUT", own_links.upload_path(upload), CONTENT)

    assert response.status_code == 404


def test_links_of_a_suspended_organization_are_closed(acme, upload, link):
    orgs.set_suspended(acme, suspended=True)

    response = Api().generic("PUT", link, CONTENT)

    upload.refresh_from_db()
    assert (response.status_code, upload.blob) == (403, None)


def test_an_upload_link_shows_nothing(link):
    response = Api().get(link)

    assert (response.status_code, response["Allow"]) == (405, "POST, PUT, OPTIONS")


def send_form(link: str) -> None:
    Api().post(link, {"file": SimpleUploadedFile("clip", CONTENT)})


def send_body(link: str) -> None:
    Api().generic("PUT", link, CONTENT)


@pytest.mark.parametrize("send", [send_form, send_body])
@pytest.mark.parametrize("limit_bytes", [1000, 10**6])
def test_nothing_is_left_behind_but_what_is_kept(link, send, limit_bytes, settings):
    settings.MEDIA_MAX_BYTES = limit_bytes

    send(link)

    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []
