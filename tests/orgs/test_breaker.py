"""An endpoint that keeps failing is paused, then switched off."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orgs import breaker
from orgs.delivery import send
from orgs.models import AuditEvent, WebhookEndpoint
from tests.core.loopback import answer
from tests.orgs.receiver import pending, publish

pytestmark = pytest.mark.django_db


def attempt(org, endpoint, *, failures: int = 0) -> None:
    """Make one attempt at an endpoint that has failed so often, and read the endpoint anew."""
    WebhookEndpoint.objects.update(consecutive_failures=failures)
    send(pending(org).pk)
    endpoint.refresh_from_db()


def test_a_success_clears_the_record(acme, endpoint):
    WebhookEndpoint.objects.update(paused_until=timezone.now() - timedelta(seconds=1))

    attempt(acme, endpoint, failures=39)

    assert (endpoint.consecutive_failures, endpoint.paused_until) == (0, None)


@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_few_failures_do_not_pause(acme, endpoint, receiver, before):
    receiver.answers(answer(500))

    attempt(acme, endpoint, failures=before)

    assert (endpoint.consecutive_failures, endpoint.paused_until) == (before + 1, None)


@pytest.mark.parametrize(("before", "minutes"), [(3, 1), (4, 2), (5, 4), (13, 1024), (14, 1440), (38, 1440)])
def test_further_failures_pause_for_longer_and_longer(acme, endpoint, receiver, before, minutes):
    receiver.answers(answer(500))

    attempt(acme, endpoint, failures=before)

    left = endpoint.paused_until - timezone.now()
    assert timedelta(minutes=minutes, seconds=-2) < left <= timedelta(minutes=minutes)
    assert endpoint.state == "active"


def test_a_pause_that_was_asked_for_outlasts_a_shorter_one(acme, endpoint, receiver):
    receiver.answers(answer(503, Retry_After="3600"))

    attempt(acme, endpoint, failures=4)

    assert endpoint.paused_until > timezone.now() + timedelta(minutes=59)


def test_a_longer_pause_is_not_cut_short(endpoint):
    WebhookEndpoint.objects.update(consecutive_failures=3, paused_until=timezone.now() + timedelta(hours=1))

    breaker.note_failure(endpoint, is_gone=False, asked_seconds=0)

    endpoint.refresh_from_db()
    assert endpoint.paused_until > timezone.now() + timedelta(minutes=59)


def test_the_fortieth_failure_switches_off(acme, endpoint, receiver):
    receiver.answers(answer(500))

    attempt(acme, endpoint, failures=39)

    audit = AuditEvent.of(acme).get(action="webhook_endpoint.disabled")
    assert endpoint.state == "disabled"
    assert (audit.actor, audit.details) == ("system", {"reason": "40 deliveries in a row failed."})


def test_gone_switches_off_at_once(acme, endpoint, receiver):
    receiver.answers(answer(410))

    attempt(acme, endpoint)

    assert endpoint.state == "disabled"
    assert endpoint.deliveries.get().state == "failed"


def test_an_unreachable_receiver_counts_too(acme, endpoint, settings):
    settings.OUTBOUND_ALLOW = []

    attempt(acme, endpoint)

    assert endpoint.consecutive_failures == 1


def test_callbacks_break_no_endpoint(acme, endpoint):
    WebhookEndpoint.objects.update(event_types=["nothing"])
    event = publish(acme, callback={"dialect": "unknown", "url": "https://10.0.0.1/"})

    send(event.deliveries.get().pk)

    endpoint.refresh_from_db()
    assert endpoint.consecutive_failures == 0
