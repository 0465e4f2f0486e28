"""One key, however a vendor's client carries it."""

import pytest

from core.errors import Unauthenticated
from dialects.auth import Credential, identify
from orgs.models import ApiKey

CREDENTIALS = (
    Credential("x-access-token"),
    Credential("x-api-key"),
    Credential("Authorization", "APIKey"),
    Credential("Authorization", "Bearer"),
)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-access-token", "{}"),
        ("X-Access-Token", " {} "),
        ("x-api-key", "{}"),
        ("Authorization", "APIKey {}"),
        ("Authorization", "apikey  {}"),
        ("Authorization", "Bearer {}"),
        ("authorization", "bearer {}"),
    ],
)
def test_every_header_leads_to_the_same_key(rf, key, header, value):
    request = rf.get("/", headers={header: value.format(key.secret)})

    assert identify(request, CREDENTIALS) == key.key


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-access-token": ""}, {"Authorization": "{}"}, {"Authorization": "Basic {}"}, {"Authorization": "Bearer"}],
    ids=str,
)
def test_a_key_in_the_wrong_place_is_missing(rf, key, headers):
    request = rf.get("/", headers={name: value.format(key.secret) for name, value in headers.items()})

    with pytest.raises(Unauthenticated, match="is missing"):
        identify(request, CREDENTIALS)


@pytest.mark.parametrize("secret", ["x", "sk-", "sk-ä" * 20, "sk-" + "A" * 49, "\x7f", "sk-" + "A" * 5000])
def test_what_is_no_key_is_not_valid(rf, acme, secret):
    request = rf.get("/", headers={"x-access-token": secret})

    with pytest.raises(Unauthenticated, match="not valid"):
        identify(request, CREDENTIALS)


def test_the_last_use_is_noted_with_the_client_s_address(rf, key):
    identify(rf.get("/", headers={"x-access-token": key.secret}, REMOTE_ADDR="192.0.2.7"), CREDENTIALS)

    assert ApiKey.objects.get(pk=key.key.pk).last_used_address == "192.0.2.7"


def test_a_client_without_an_address_is_let_in(rf, key):
    request = rf.get("/", headers={"x-access-token": key.secret}, REMOTE_ADDR="")

    assert identify(request, CREDENTIALS) == key.key
