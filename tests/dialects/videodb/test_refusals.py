"""Who is not let in, and what is not there, on every route alike."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orgs import services as orgs
from orgs.keys import revoke_key
from orgs.roles import Scope
from tests import factories
from tests.dialects.api import Api, Route, routes, spellings
from tests.dialects.videodb.conftest import UNKNOWN

ROUTES = list(routes("dialects.videodb.urls"))
WITH_IDS = [route for route in ROUTES if route.params]
WRITING = [route for route in ROUTES if route.method in ("POST", "PATCH") and "generate_url" not in route.pattern]
ODD_IDS = ["\x00", "m-\x00", "..", "%", "None", "a" * 5000, "' OR 1=1 --", "\N{SNOWMAN}", "job-", "trans_"]

every_route = pytest.mark.parametrize("route", ROUTES, ids=str)


def outcome(response) -> tuple[int, dict]:
    """Return status and body but for the request's id."""
    body = response.json() if response.content else {}
    body.pop("request_id", None)
    return response.status_code, body


def refusal(status: int, code: str, message: str, *, route: Route) -> tuple[int, dict]:
    body = {"success": False, "message": message, "error_code": code}
    return status, {} if route.method == "HEAD" else body


def test_each_address_is_served_with_and_without_its_slash():
    spelled = spellings("dialects.videodb.urls")
    bare = {pattern: view for pattern, view in spelled.items() if not pattern.endswith("/")}

    assert len(spelled) == 2 * len(bare)
    assert {f"{pattern}/": view for pattern, view in bare.items()}.items() <= spelled.items()


@every_route
def test_without_a_key(db, route):
    response = Api().call(route.method, route.path(**UNKNOWN))

    message = "The access key is missing. Send it as `x-access-token: KEY`."
    assert outcome(response) == refusal(401, "UNAUTHORIZED", message, route=route)


@every_route
def test_with_a_key_that_is_none(db, route):
    response = Api("sk-nonsense").call(route.method, route.path(**UNKNOWN))

    message = "This access key is not valid. Check that it was copied whole."
    assert outcome(response) == refusal(401, "UNAUTHORIZED", message, route=route)


@every_route
def test_with_an_expired_key(acme, route):
    expired = factories.key(acme, expires_at=timezone.now() - timedelta(seconds=1))

    response = Api(expired.secret).call(route.method, route.path(**UNKNOWN))

    message = "This access key has expired. Make a new one."
    assert outcome(response) == refusal(401, "UNAUTHORIZED", message, route=route)


@every_route
def test_with_a_revoked_key(api, key, route):
    revoke_key(key.key)

    response = api.call(route.method, route.path(**UNKNOWN))

    message = "This access key has been revoked. Make a new one."
    assert outcome(response) == refusal(401, "UNAUTHORIZED", message, route=route)


@every_route
def test_with_the_key_of_a_suspended_organization(acme, api, route):
    orgs.set_suspended(acme, suspended=True)

    response = api.call(route.method, route.path(**UNKNOWN))

    message = "This organization is suspended. Its administrators can say why."
    assert outcome(response) == refusal(403, "FORBIDDEN", message, route=route)


@every_route
def test_with_a_key_that_may_do_nothing(acme, route):
    powerless = factories.key(acme, scopes=[Scope.BILLING])

    response = Api(powerless.secret).call(route.method, route.path(**UNKNOWN))

    scope = "transcribe" if route.needs_transcribe else "read"
    message = f"This access key does not have the scope `{scope}`, which is needed here."
    assert outcome(response) == refusal(403, "FORBIDDEN", message, route=route)


@pytest.mark.parametrize("route", WITH_IDS, ids=str)
def test_with_an_unknown_id(api, route):
    response = api.call(route.method, route.path(**UNKNOWN))

    message = "There is nothing here under that id."
    assert outcome(response) == refusal(404, "NOT_FOUND", message, route=route)


@pytest.mark.parametrize("odd_id", ODD_IDS, ids=ascii)
@pytest.mark.parametrize("place", ["collection", "video", "audio", "image", "async-response"])
def test_with_an_id_that_is_none(api, place, odd_id):
    response = api.call("GET", f"/{place}/{odd_id}")

    assert response.status_code == 404


@pytest.mark.parametrize("pattern", sorted({route.pattern for route in ROUTES}))
@pytest.mark.parametrize("method", ["PUT", "BREW"])
def test_with_another_method(api, pattern, method):
    known = [route for route in ROUTES if route.pattern == pattern]
    allowed = {route.method for route in known} | {"OPTIONS"}

    response = api.call(method, known[0].path(**UNKNOWN))

    assert response.status_code == 405
    assert response.json()["error_code"] == "METHOD_NOT_ALLOWED"
    assert set(response["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff"], ids=ascii)
@pytest.mark.parametrize("route", WRITING, ids=str)
def test_with_a_body_that_is_no_object(api, mine, route, body):
    kind = route.pattern.split("/")[0]

    response = api.call(route.method, route.path(**mine.ids(kind)), body)

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")
