from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.storage import default_storage

from media import own_links, services
from media.models import Media
from orgs import services as orgs
from tests import jobs
from tests.dialects.api import Api
from tests.jobs import SPEECH

CONTENT = (SPEECH / "short.wav").read_bytes()
SIZE = len(CONTENT)


@pytest.fixture
def media(acme) -> Media:
    return jobs.media(acme, "short.wav", name="memo")


@pytest.fixture
def link(media) -> str:
    return own_links.file_path(media)


@pytest.fixture
def etag(media) -> str:
    return f'"{media.blob.sha256}"'


def read(path: str, **headers: str):
    return Api().get(path, headers=headers)


@pytest.mark.parametrize("name", ["", "/", "/memo.wav", "/anything%20else"])
def test_a_link_opens_the_file_without_a_key(link, etag, name):
    response = read(link + name)

    assert response.status_code == 200
    assert response.getvalue() == CONTENT
    assert {header: response[header] for header in response.headers if header != "X-Request-Id"} == {
        "Content-Type": "audio/wav",
        "Content-Length": str(SIZE),
        "Content-Disposition": 'inline; filename="memo.wav"',
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": "private, max-age=3600",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


@pytest.mark.parametrize(
    ("asked", "first", "last"), [("bytes=0-99", 0, 99), ("bytes=100-", 100, SIZE - 1), ("bytes=-7", SIZE - 7, SIZE - 1)]
)
def test_a_part_is_sent(link, asked, first, last):
    response = read(link, Range=asked)

    assert response.status_code == 206
    assert response.getvalue() == CONTENT[first : last + 1]
    assert response["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert response["Content-Length"] == str(last + 1 - first)


def test_a_part_behind_the_end_is_refused(link):
    response = read(link, Range=f"bytes={SIZE}-")

    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{SIZE}")
    assert response.json()["message"] == "The file ends before the part that was asked for begins."


def test_several_parts_are_answered_with_the_whole(link):
    response = read(link, Range="bytes=0-1,5-6")

    assert (response.status_code, response.getvalue()) == (200, CONTENT)


def test_a_part_of_the_known_version_is_sent(link, etag):
    assert read(link, Range="bytes=0-1", **{"If-Range": etag}).status_code == 206


def test_a_part_of_another_version_is_answered_with_the_whole(link):
    assert read(link, Range="bytes=0-1", **{"If-Range": '"other"'}).status_code == 200


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', "*"])
def test_what_the_client_has_is_not_sent_again(link, etag, known):
    response = read(link, **{"If-None-Match": known.format(etag)})

    assert (response.status_code, response.content) == (304, b"")
    assert (response["ETag"], response["Cache-Control"]) == (etag, "private, max-age=3600")


@pytest.mark.parametrize("known", ['"other"', "nonsense", ""])
def test_what_the_client_has_of_another_version_is_sent(link, known):
    assert read(link, **{"If-None-Match": known}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-1"}], ids=str)
def test_head_tells_the_size_and_sends_nothing(link, headers):
    response = Api().head(link, headers=headers)

    assert (response.status_code, response.content) == (200, b"")
    assert (response["Content-Length"], response["Accept-Ranges"]) == (str(SIZE), "bytes")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_file_can_only_be_read(link, method):
    response = Api().call(method, link)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("place", ["files", "upload"])
@pytest.mark.parametrize("token", ["x", "a.b.c", "a:b:c", "%00", "..", "{}x", "x{}"], ids=ascii)
def test_a_forged_link_opens_nothing(link, place, token):
    forged = token.format(link.removeprefix("/files/"))

    response = Api().call("GET" if place == "files" else "POST", f"/{place}/{forged}", b"content")

    assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")


def test_an_upload_link_reads_no_file(acme):
    upload = own_links.upload_path(services.open_upload(acme))

    assert read(upload.replace("/upload/", "/files/")).status_code == 404


def test_an_expired_link_opens_nothing(media):
    assert read(own_links.file_path(media, lifetime_seconds=-1)).status_code == 404


def test_a_removed_file_is_gone(media, link):
    services.remove_file(media)

    response = read(link)

    assert (response.status_code, response.json()["message"]) == (404, "The file of this recording has been removed.")


def test_a_lost_file_is_an_error_of_ours_that_the_client_can_read(media, link, caplog):
    default_storage.delete(media.blob.name)

    response = read(link)

    assert (response.status_code, response.json()["message"]) == (404, "The file of this recording cannot be found.")
    assert media.public_id in caplog.text


def test_links_of_a_suspended_organization_are_closed(acme, link):
    orgs.set_suspended(acme, suspended=True)

    assert read(link).status_code == 403


@pytest.mark.parametrize(
    ("container", "video_codec", "content_type", "extension"),
    [
        ("wav", "", "audio/wav", "wav"),
        ("mp3", "", "audio/mpeg", "mp3"),
        ("mp4", "", "audio/mp4", "m4a"),
        ("mp4", "h264", "video/mp4", "mp4"),
        ("mpeg", "mpeg2video", "video/mpeg", "mpg"),
        ("mpegts", "h264", "video/mp2t", "ts"),
        ("ogg", "", "audio/ogg", "ogg"),
        ("ogg", "theora", "video/ogg", "ogv"),
        ("flac", "", "audio/flac", "flac"),
        ("matroska", "", "audio/x-matroska", "mka"),
        ("matroska", "h264", "video/x-matroska", "mkv"),
        ("webm", "", "audio/webm", "weba"),
        ("webm", "vp9", "video/webm", "webm"),
        ("aac", "", "audio/aac", "aac"),
        ("avi", "mpeg4", "video/x-msvideo", "avi"),
        ("text/html", "", "application/octet-stream", "bin"),
    ],
)
def test_the_type_is_what_was_found_inside(media, link, container, video_codec, content_type, extension):
    Media.objects.filter(pk=media.pk).update(container=container, video_codec=video_codec)

    response = read(link)

    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"] == f'inline; filename="memo.{extension}"'


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("memo.wav", 'inline; filename="memo.wav"'),
        ("page.html", 'inline; filename="page.html.wav"'),
        ('a"b\\c', 'inline; filename="a b c.wav"'),
        ("a\r\nSet-Cookie: x", 'inline; filename="aSet-Cookie  x.wav"'),
        ("../../etc/passwd", 'inline; filename="etc passwd.wav"'),
        ("x" * 400, f'inline; filename="{"x" * 100}.wav"'),
        ("übung", "inline; filename*=utf-8''%C3%BCbung.wav"),
        ("\u202egnp", 'inline; filename="gnp.wav"'),
        ("...", None),
    ],
    ids=ascii,
)
def test_the_name_is_safe(media, link, name, disposition):
    Media.objects.filter(pk=media.pk).update(name=name)

    assert read(link)["Content-Disposition"] == disposition or f'inline; filename="{media.public_id}.wav"'


def test_a_proxy_sends_the_file_where_there_is_one(media, link, etag, settings):
    settings.X_ACCEL_PREFIX = "/protected/"

    response = read(link, Range="bytes=0-1")

    assert (response.status_code, response.content) == (200, b"")
    assert response["X-Accel-Redirect"] == f"/protected/{media.blob.name}"
    assert (response["Content-Type"], response["ETag"]) == ("audio/wav", etag)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_object_store_sends_its_files_itself(link, media, settings, method):
    options = {
        "bucket_name": "polyscribe",
        "access_key": "key",
        "secret_key": "secret",
        "addressing_style": "path",
        "signature_version": "s3v4",
        "querystring_expire": 300,
    }
    settings.STORAGES = {
        name: {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options | {"endpoint_url": endpoint}}
        for name, endpoint in (("default", "http://storage:9000"), ("links", "https://storage.example"))
    }

    response = Api().generic(method, link)

    target = urlsplit(response["Location"])
    query = parse_qs(target.query)
    assert response.status_code == 302
    assert (target.netloc, target.path) == ("storage.example", f"/polyscribe/{media.blob.name}")
    assert query["response-content-type"] == ["audio/wav"]
    assert query["response-content-disposition"] == ['inline; filename="memo.wav"']
    assert query["X-Amz-Expires"] == ["300"]
    assert response["Cache-Control"] == "private, no-store"


def test_pieces_are_small_and_the_file_is_closed(media, link):
    response = read(link)

    pieces = list(response.streaming_content)
    response.close()

    assert b"".join(pieces) == CONTENT
    assert max(map(len, pieces)) <= 256 * 1024
