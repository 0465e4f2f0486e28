"""Signatures, judged by the specification's own verifier."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from orgs.signatures import new_secret, signed_headers

BODY = '{"type":"job.completed","data":{"title":"Überraschung"}}'.encode()


def signed(*secrets: str, at: datetime | None = None) -> dict[str, str]:
    return signed_headers("evt_1", BODY, at=at or timezone.now(), with_secrets=secrets)


def test_the_published_example_is_signed_as_published():
    at = datetime.fromtimestamp(1731705121, UTC)
    body = b'{"event_type":"ping","data":{"success":true}}'

    headers = signed_headers("msg_loFOjxBNrRLzqYUf", body, at=at, with_secrets=["whsec_plJ3nmyCDGBKInavdOK15jsl"])

    assert headers == {
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }


def test_the_official_verifier_accepts():
    secret = new_secret()

    assert Webhook(secret).verify(BODY, signed(secret))["data"] == {"title": "Überraschung"}


@pytest.mark.parametrize("position", [0, 1])
def test_each_of_two_secrets_is_enough(position):
    secrets = [new_secret(), new_secret()]

    assert Webhook(secrets[position]).verify(BODY, signed(*secrets))


def test_another_secret_is_refused():
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, signed(new_secret()))


def test_a_changed_body_is_refused():
    secret = new_secret()

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.replace(b"completed", b"cancelled"), signed(secret))


@pytest.mark.parametrize("change", [{"webhook-id": "evt_2"}, {"webhook-timestamp": "1"}])
def test_changed_headers_are_refused(change):
    secret = new_secret()

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signed(secret) | change)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_of_another_time_is_refused(minutes):
    secret = new_secret()

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signed(secret, at=timezone.now() + timedelta(minutes=minutes)))


def test_without_a_secret_a_message_is_named_but_not_signed():
    assert set(signed()) == {"webhook-id", "webhook-timestamp"}


def test_secrets_are_random_and_long():
    first, second = new_secret(), new_secret()

    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32
