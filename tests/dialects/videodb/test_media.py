from urllib.parse import urlsplit

import pytest

from media import own_links, services
from media.collections import default_collection
from media.models import Media
from tests import jobs
from tests.dialects.videodb.conftest import unread_media
from transcription import queries


def told(media: Media, *, stream_url: str | None) -> dict:
    return {
        "id": media.public_id,
        "collection_id": media.collection.public_id,
        "name": media.name,
        "description": None,
        "size": str(media.bytes),
        "user_id": None,
        "stream_url": stream_url,
        "player_url": None,
        "thumbnail_url": None,
        "created_at": media.created_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{media.created_at.microsecond // 1000:03}Z",
        "length": "20.1",
    }


def opened(url: str) -> Media:
    """Return what a link opens; it must lead to the host that was asked."""
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc) == ("http", "testserver")
    return own_links.opened_file(parts.path.removeprefix("/files/"))


def test_a_video_is_shown(api, video):
    body = api.get(f"/video/{video.public_id}?collection_id=default").json()

    link = body["data"]["stream_url"]
    assert body == {"success": True, "data": told(video, stream_url=link)}
    assert opened(link) == video


def test_links_lead_to_the_public_address(api, video, settings):
    settings.PUBLIC_URL = "https://media.example/"

    link = api.get(f"/video/{video.public_id}").json()["data"]["stream_url"]

    assert link.startswith("https://media.example/files/")


def test_a_length_that_nobody_knows_is_left_out(api, video):
    Media.objects.filter(pk=video.pk).update(seconds=None)

    assert "length" not in api.get(f"/video/{video.public_id}").json()["data"]


@pytest.mark.parametrize("kind", Media.Kind.values)
def test_a_list_holds_one_kind_and_the_newest_first(api, acme, kind):
    made = [
        unread_media(default_collection(acme), each, name=each + name) for each in Media.Kind.values for name in "12"
    ]

    response = api.get(f"/{kind}")

    wanted = [media.public_id for media in reversed(made) if media.kind == kind]
    assert [row["id"] for row in response.json()["data"][f"{kind}s"]] == wanted


@pytest.mark.parametrize("kind", Media.Kind.values)
def test_an_empty_list_is_a_list(api, kind):
    assert api.get(f"/{kind}?collection_id=default").json() == {"success": True, "data": {f"{kind}s": []}}


def test_a_list_can_be_of_one_collection(api, mine, video):
    response = api.get(f"/video?collection_id={mine.collection.public_id}")

    assert [row["id"] for row in response.json()["data"]["videos"]] == [mine.video.public_id]


@pytest.mark.parametrize(("page", "names"), [(0, ["4", "3"]), (1, ["2", "1"]), (2, ["0"]), (3, [])])
def test_a_list_can_be_read_by_pages(api, acme, page, names):
    for name in "01234":
        unread_media(default_collection(acme), "video", name=name)

    response = api.get(f"/video?page_index={page}&count=2")

    assert [row["name"] for row in response.json()["data"]["videos"]] == names


@pytest.mark.parametrize("query", ["count=0", "count=x", "count=1001", "page_index=-1", "page_index=1e9", "count=²"])
def test_pages_are_counted_in_numbers(api, query):
    response = api.get(f"/video?{query}")

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")


def test_a_list_costs_the_same_whatever_its_length(api, acme, django_assert_max_num_queries):
    for name in "0123456789":
        unread_media(default_collection(acme), "video", name=name)

    with django_assert_max_num_queries(4):
        api.get("/video")


@pytest.mark.parametrize("kind", ["audio", "image"])
def test_a_video_is_no_other_kind(api, video, kind):
    assert api.get(f"/{kind}/{video.public_id}").status_code == 404


def test_a_video_gets_another_name(api, video):
    response = api.call("PATCH", f"/video/{video.public_id}", {"name": "better"})

    assert response.json()["data"]["name"] == "better"
    assert Media.objects.get(pk=video.pk).name == "better"


@pytest.mark.parametrize("body", [None, {}, {"name": None}], ids=str)
def test_a_video_without_a_new_name_keeps_its_own(api, video, body):
    response = api.call("PATCH", f"/video/{video.public_id}", body)

    assert response.json()["data"]["name"] == "talk"


@pytest.mark.parametrize("name", ["", "x" * 501, 5, "a\x00b", "\udfff", {}], ids=ascii)
def test_nonsense_is_no_name(api, video, name):
    response = api.call("PATCH", f"/video/{video.public_id}", {"name": name})

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("kind", Media.Kind.values)
def test_a_medium_is_deleted(api, mine, kind):
    medium = getattr(mine, kind)

    response = api.delete(f"/{kind}/{medium.public_id}?collection_id=default")

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert not Media.objects.filter(pk=medium.pk).exists()


def test_a_file_is_removed_and_the_text_stays(api, heard_video):
    response = api.delete(f"/video/{heard_video.public_id}/storage")

    heard_video.refresh_from_db()
    assert (response.status_code, response.json()) == (200, {"success": True})
    assert heard_video.blob is None
    assert queries.latest_transcript(heard_video) is not None


def test_a_removed_file_has_no_link(api, video):
    services.remove_file(video)

    assert api.get(f"/video/{video.public_id}").json() == {"success": True, "data": told(video, stream_url=None)}


def test_an_audio_s_link_is_made_for_an_empty_body(api, audio):
    response = api.call("POST", f"/audio/{audio.public_id}/generate_url?collection_id=default")

    link = response.json()["data"]["signed_url"]
    assert response.json() == {"success": True, "data": {"signed_url": link}}
    assert opened(link) == audio


def test_a_removed_audio_s_link_is_not_made(api, audio):
    services.remove_file(audio)

    response = api.call("POST", f"/audio/{audio.public_id}/generate_url")

    assert (response.status_code, response.json()["message"]) == (404, "The file of this recording has been removed.")


def test_media_of_other_dialects_are_listed_too(api, acme):
    uploaded = jobs.media(acme, "short.wav")

    assert [row["id"] for row in api.get("/audio").json()["data"]["audios"]] == [uploaded.public_id]
