"""What goes over the wire, as a real receiver gets it."""

import json
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from orgs.endpoints import rotate_secret
from tests.orgs.receiver import attempt

pytestmark = pytest.mark.django_db


def test_a_message_is_accepted_by_the_official_verifier(acme, issued, receiver):
    sent = attempt(acme, payload={"title": "Überraschung"})

    (request,) = receiver.requests
    assert Webhook(issued.secret).verify(request.body, request.headers) == {
        "type": "job.completed",
        "timestamp": sent.event.created_at.isoformat().replace("+00:00", "Z"),
        "data": {"title": "Überraschung"},
    }
    assert request.headers["webhook-id"] == sent.event.public_id
    assert request.headers["content-type"] == "application/json"


def test_two_secrets_sign_while_receivers_move_over(acme, issued, receiver):
    secret = rotate_secret(issued.endpoint)

    attempt(acme)

    (request,) = receiver.requests
    assert Webhook(issued.secret).verify(request.body, request.headers)
    assert Webhook(secret).verify(request.body, request.headers)


def test_a_former_secret_signs_no_longer_than_agreed(acme, issued, receiver):
    secret = rotate_secret(issued.endpoint, overlap=timedelta(0))

    attempt(acme)

    (request,) = receiver.requests
    assert Webhook(secret).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(issued.secret).verify(request.body, request.headers)


def test_a_callback_is_written_by_its_dialect(acme, receiver):
    sent = attempt(acme, callback=receiver.callback())

    (request,) = receiver.requests
    assert json.loads(request.body) == {"told": "job.completed", "task": 7}
    assert request.headers["content-type"] == "application/x-test"
    assert request.headers["webhook-id"] == sent.event.public_id
    assert "webhook-signature" not in request.headers
    assert sent.state == "delivered"


@pytest.mark.parametrize("dialect", ["broken", "unknown"])
def test_a_callback_that_cannot_be_written_is_a_plain_failure(acme, receiver, dialect, caplog):
    sent = attempt(acme, callback=receiver.callback(dialect))

    assert (sent.state, sent.failures, sent.error) == ("pending", 1, "The message could not be written.")
    assert receiver.requests == []
    assert f"Delivery {sent.pk} could not be written." in caplog.text


def test_the_log_of_a_callback_that_cannot_be_written_holds_no_link(acme, receiver, caplog):
    attempt(acme, callback=receiver.callback("broken"))

    assert "ZeroDivisionError" in caplog.text
    assert "not-for-logs" not in caplog.text
