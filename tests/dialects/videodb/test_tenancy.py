"""A key of acme's on every route with globex's ids: nothing changes, and nothing of globex's is shown."""

import pytest

from core.signing import BROKEN_LINK
from media import own_links, services
from tests.dialects.api import everything_of, routes
from tests.dialects.videodb.conftest import CANARY, UNKNOWN

ROUTES = list(routes("dialects.videodb.urls"))
CHANGES = {"name": "mine now", "description": "mine", "is_public": True, "url": "http://127.0.0.1/x", "force": True}


def told(response) -> tuple[int, bytes]:
    """Return status and body, without what names this one request."""
    return response.status_code, response.content.replace(response["X-Request-Id"].encode(), b"")


@pytest.mark.parametrize("body", [None, CHANGES], ids=["empty", "full"])
@pytest.mark.parametrize("route", [route for route in ROUTES if route.params], ids=str)
def test_foreign_ids_change_nothing_and_show_nothing(acme, api, mine, theirs, route, body):
    before = everything_of(acme), everything_of(theirs.video.org)
    kind = route.pattern.split("/")[0]

    response = api.call(route.method, route.path(**theirs.ids(kind)), body)

    assert (everything_of(acme), everything_of(theirs.video.org)) == before
    assert told(response) == told(api.call(route.method, route.path(**UNKNOWN), body))
    assert CANARY not in response.content.decode()


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.params], ids=str)
def test_lists_show_only_what_is_mine(api, mine, theirs, route):
    before = everything_of(theirs.video.org)

    response = api.call(route.method, route.path(), {"name": "new"})

    assert everything_of(theirs.video.org) == before
    assert CANARY not in response.content.decode()


@pytest.mark.parametrize("kind", ["video", "audio", "image"])
def test_a_list_of_somebody_else_s_collection_is_missing(api, theirs, kind):
    response = api.get(f"/{kind}?collection_id={theirs.collection.public_id}")

    assert response.status_code == 404


def test_a_fetch_of_somebody_else_s_is_missing(api, theirs):
    assert api.get(f"/async-response/{theirs.fetch.public_id}").status_code == 404


def test_a_file_link_of_somebody_else_s_opens_nothing_here(api, theirs):
    link = f"http://127.0.0.1:9{own_links.file_path(theirs.video)}"

    response = api.call("POST", "/collection/default/upload", {"url": link})

    assert (response.status_code, response.json()["message"]) == (404, BROKEN_LINK)


def test_an_upload_link_of_somebody_else_s_opens_nothing_here(api, theirs, tmp_path):
    upload = services.open_upload(theirs.video.org)
    services.fill_upload(upload, file=_file(tmp_path))
    link = f"http://127.0.0.1:9{own_links.upload_path(upload)}"

    response = api.call("POST", "/collection/default/upload", {"url": link})

    assert (response.status_code, response.json()["message"]) == (404, BROKEN_LINK)


def _file(folder):
    path = folder / "file"
    path.write_bytes(b"bytes of globex's")
    return path.open("rb")
