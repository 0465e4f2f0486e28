"""Whatever goes wrong, each dialect has words for it."""

import json

import pytest
from django.core import exceptions as django
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as rest

from core import errors
from core.context import request_id
from dialects.faults import BrokenOff, UnknownPath, WrongMethod, foreseen
from dialects.owners import OWNER_OF_THE_REST, OWNERS
from dialects.videodb.errors import VIDEODB

DIALECTS = list({dialect.name: dialect for dialect in [OWNER_OF_THE_REST, *(owner for _, owner in OWNERS)]}.values())
SAMPLES = [
    errors.InsufficientSynapses(required=7, available=3)
    if kind is errors.InsufficientSynapses
    else kind("It went wrong.")
    for kind in (*errors.KINDS, errors.PolyscribeError)
]
VIDEODB_ANSWERS = {
    errors.Unauthenticated: (401, "UNAUTHORIZED"),
    errors.Forbidden: (403, "FORBIDDEN"),
    errors.NotFound: (404, "NOT_FOUND"),
    errors.Invalid: (400, "INVALID_REQUEST"),
    errors.Conflict: (409, "CONFLICT"),
    errors.TooLarge: (413, "TOO_LARGE"),
    errors.Unsupported: (415, "UNSUPPORTED"),
    errors.InsufficientSynapses: (402, "INSUFFICIENT_CREDITS"),
    errors.RateLimited: (429, "RATE_LIMITED"),
    errors.QueueFull: (429, "QUEUE_FULL"),
    errors.Unavailable: (503, "UNAVAILABLE"),
    errors.PolyscribeError: (500, "INTERNAL_ERROR"),
}


@pytest.fixture
def known_request():
    token = request_id.set("req_known")
    yield
    request_id.reset(token)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_every_dialect_has_an_answer_for_every_kind(dialect, error):
    response = dialect.answer(error)

    assert 400 <= response.status_code < 600
    assert isinstance(json.loads(response.content), dict)


@pytest.mark.usefixtures("known_request")
@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_videodb_tells_each_kind_with_a_code_of_its_own(error):
    response = VIDEODB.answer(error)

    status, code = VIDEODB_ANSWERS[type(error)]
    assert response.status_code == status
    assert json.loads(response.content) == {
        "success": False,
        "message": error.message,
        "error_code": code,
        "request_id": "req_known",
    }


def test_videodb_says_how_many_synapses_are_missing():
    response = VIDEODB.answer(errors.InsufficientSynapses(required=7, available=3))

    assert "7 required, 3 available" in json.loads(response.content)["message"]


def test_a_wrong_method_names_the_right_ones():
    response = VIDEODB.answer(WrongMethod("PUT", allowed=["GET", "POST"]))

    assert (response.status_code, response["Allow"]) == (405, "GET, POST")


def test_a_missing_key_is_asked_for():
    response = VIDEODB.answer(errors.Unauthenticated())

    assert response["WWW-Authenticate"] == 'ApiKey header="x-access-token"'


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (Http404("nothing"), UnknownPath),
        (rest.NotFound(), UnknownPath),
        (django.PermissionDenied(), errors.Forbidden),
        (rest.PermissionDenied(), errors.Forbidden),
        (rest.NotAuthenticated(), errors.Unauthenticated),
        (rest.AuthenticationFailed(), errors.Unauthenticated),
        (rest.UnsupportedMediaType("text/plain"), errors.Unsupported),
        (rest.Throttled(), errors.RateLimited),
        (rest.ParseError("Expecting value: line 1"), errors.Invalid),
        (MultiPartParserError("Invalid boundary"), errors.Invalid),
        (UnreadablePostError("timed out"), BrokenOff),
        (django.BadRequest("no"), errors.Invalid),
        (django.SuspiciousOperation("no"), errors.Invalid),
        (django.DisallowedHost("no"), errors.Invalid),
        (django.RequestDataTooBig("no"), errors.TooLarge),
        (django.TooManyFieldsSent("no"), errors.TooLarge),
        (django.TooManyFilesSent("no"), errors.TooLarge),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_what_the_frameworks_raise_becomes_one_of_our_kinds(raised, kind):
    assert type(foreseen(raised)) is kind


@pytest.mark.parametrize("kind", errors.KINDS, ids=lambda kind: kind.__name__)
def test_our_own_errors_stay_what_they_are(kind):
    error = kind(required=1, available=0) if kind is errors.InsufficientSynapses else kind()

    assert foreseen(error) is error


@pytest.mark.parametrize("error", [ValueError("no"), KeyError("no"), errors.PolyscribeError("no")])
def test_what_nobody_foresaw_is_raised_again(error):
    with pytest.raises(type(error)) as caught:
        foreseen(error)

    assert caught.value is error
