import pytest

from media import collections
from media.collections import default_collection
from media.models import Collection, Media

MISSING = object()


def told(shelf: Collection) -> dict:
    return {
        "id": shelf.public_id,
        "name": shelf.name,
        "description": shelf.description,
        "is_public": shelf.is_public,
    }


def test_the_default_collection_is_always_there(api, acme):
    response = api.get("/collection/default")

    shelf = default_collection(acme)
    assert response.json() == {
        "success": True,
        "data": {"id": shelf.public_id, "name": "Default", "description": "", "is_public": False},
    }


def test_the_default_collection_answers_to_its_id_too(api):
    by_name = api.get("/collection/default").json()

    assert api.get(f"/collection/{by_name['data']['id']}").json() == by_name


def test_the_list_begins_with_the_default_collection(api, acme):
    made = collections.create_collection(acme, name="Talks", description="Of 2024")

    response = api.get("/collection")

    assert response.json() == {
        "success": True,
        "data": {"collections": [told(default_collection(acme)), told(made)]},
    }


def test_a_collection_is_made(api, acme):
    response = api.call("POST", "/collection", {"name": "Talks", "description": "Of 2024", "is_public": True})

    made = Collection.of(acme).get(name="Talks")
    assert response.json() == {
        "success": True,
        "data": {"id": made.public_id, "name": "Talks", "description": "Of 2024", "is_public": True},
    }


@pytest.mark.parametrize("description", [MISSING, None, ""])
def test_a_collection_needs_no_description(api, description):
    body = {"name": "Talks"} if description is MISSING else {"name": "Talks", "description": description}

    response = api.call("POST", "/collection", body)

    assert response.json()["data"]["description"] == ""


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": 5}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "x", "description": 5}, "description"),
        ({"name": "x", "description": "x" * 10_001}, "description"),
        ({"name": "x", "is_public": "perhaps"}, "is_public"),
        ({"name": "x", "is_public": []}, "is_public"),
    ],
    ids=ascii,
)
def test_a_collection_is_not_made_of_nonsense(api, acme, body, field):
    response = api.call("POST", "/collection", body)

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")
    assert response.json()["message"].startswith(f"{field}: ")
    assert not Collection.of(acme).exists()


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"name": "New", "description": "Newer"}, {"name": "New", "description": "Newer"}),
        ({"is_public": True}, {"is_public": True}),
        ({"description": ""}, {"description": ""}),
        ({"name": None, "description": None, "is_public": None}, {}),
        ({}, {}),
    ],
    ids=str,
)
def test_a_collection_changes_only_where_it_is_told_to(api, acme, changes, changed):
    shelf = collections.create_collection(acme, name="Talks", description="Of 2024")

    response = api.call("PATCH", f"/collection/{shelf.public_id}", changes)

    assert response.json() == {"success": True, "data": told(shelf) | changed}


def test_a_collection_keeps_a_name(api, acme):
    shelf = collections.create_collection(acme, name="Talks")

    response = api.call("PATCH", f"/collection/{shelf.public_id}", {"name": ""})

    assert response.status_code == 400


def test_a_collection_is_deleted_with_what_is_in_it(api, acme, mine):
    Media.of(acme).update(collection=mine.collection)

    response = api.delete(f"/collection/{mine.collection.public_id}")

    assert response.json() == {"success": True, "data": {}}
    assert not Media.of(acme).exists()


@pytest.mark.parametrize("name", ["default", None])
def test_the_default_collection_stays(api, acme, name):
    response = api.delete(f"/collection/{name or default_collection(acme).public_id}")

    assert (response.status_code, response.json()["error_code"]) == (409, "CONFLICT")
    assert response.json()["message"] == "The default collection cannot be deleted."
