"""One attempt at a delivery, against a real receiver."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from orgs import tasks
from orgs.delivery import send
from orgs.models import Delivery, WebhookEndpoint
from tests.core.loopback import answer, redirect
from tests.orgs.receiver import answer_bells, attempt, make_due, pending, publish

pytestmark = pytest.mark.django_db


def wait_seconds(sent: Delivery) -> float:
    return (sent.not_before - timezone.now()).total_seconds()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(acme, endpoint, receiver, status):
    receiver.answers(answer(status))

    sent = attempt(acme)

    assert (sent.state, sent.attempt, sent.response_status, sent.error) == ("delivered", 1, status, "")
    assert sent.finished_at is not None
    assert sent.lease_until is None
    assert sent.seconds > 0


@pytest.mark.parametrize("status", [300, 304, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 504, 599])
def test_anything_else_is_tried_again(acme, endpoint, receiver, status):
    receiver.answers(answer(status))

    sent = attempt(acme)

    assert (sent.state, sent.failures, sent.response_status) == ("pending", 1, status)
    assert sent.error == f"The receiver answered with status {status}."
    assert 4 < wait_seconds(sent) <= 5.5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(acme, endpoint, receiver, status):
    receiver.answers(redirect(receiver.hook, status), answer(200))

    sent = attempt(acme)

    assert (sent.state, sent.response_status) == ("pending", status)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("failures", "seconds"),
    list(enumerate([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400])),
)
def test_the_schedule_is_kept_from_the_first_failure_to_the_ninth(acme, endpoint, receiver, failures, seconds):
    receiver.answers(answer(500))
    sent = pending(acme)
    Delivery.objects.update(failures=failures)

    send(sent.pk)

    sent.refresh_from_db()
    assert (sent.state, sent.failures) == ("pending", failures + 1)
    assert seconds - 2 < wait_seconds(sent) <= seconds * 1.1


def test_the_tenth_failure_is_the_last(acme, endpoint, receiver):
    receiver.answers(answer(500))
    sent = pending(acme)
    Delivery.objects.update(failures=9)

    send(sent.pk)

    sent.refresh_from_db()
    assert (sent.state, sent.failures) == ("failed", 10)
    assert sent.finished_at is not None


def test_a_second_attempt_says_the_same_under_the_same_id(acme, endpoint, receiver):
    receiver.answers(answer(500), answer(200))
    sent = attempt(acme)
    make_due(sent)

    send(sent.pk)

    first, second = receiver.requests
    sent.refresh_from_db()
    assert (sent.state, sent.attempt, sent.error) == ("delivered", 2, "")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_receiver_gets_the_time_that_it_asks_for(acme, endpoint, receiver, status):
    receiver.answers(answer(status, Retry_After="600"))

    sent = attempt(acme)

    endpoint.refresh_from_db()
    assert 598 < wait_seconds(sent) <= 660
    assert endpoint.paused_until > timezone.now() + timedelta(seconds=598)


def test_nobody_may_ask_for_more_than_a_day(acme, endpoint, receiver):
    receiver.answers(answer(503, Retry_After="99999999"))

    sent = attempt(acme)

    assert 86_398 < wait_seconds(sent) <= 86_400 * 1.1


def test_the_beginning_of_the_answer_is_kept(acme, endpoint, receiver):
    receiver.answers(answer(500, b"x" * 5000))

    assert attempt(acme).response_body == "x" * 2048


@pytest.mark.parametrize(("body", "kept"), [(b"\x00\xff\xfe", "���"), ("déjà".encode(), "déjà"), (b"", "")])
def test_any_bytes_can_be_kept(acme, endpoint, receiver, body, kept):
    receiver.answers(answer(200, body))

    assert attempt(acme).response_body == kept


def test_a_destination_that_became_forbidden_is_a_plain_failure(acme, endpoint, receiver, settings):
    settings.OUTBOUND_ALLOW = []

    sent = attempt(acme)

    assert (sent.state, sent.failures, sent.response_status) == ("pending", 1, None)
    assert sent.error
    assert "127.0.0.1" not in sent.error
    assert receiver.requests == []


@pytest.mark.parametrize(
    "url", ["", "nonsense", "https://[", "ftp://127.0.0.1/", "https://10.0.0.1/", "http://127.0.0.1:1/"]
)
def test_a_url_that_cannot_be_reached_is_a_plain_failure(acme, url):
    sent = attempt(acme, callback={"dialect": "test", "url": url, "data": {}})

    assert (sent.state, sent.failures) == ("pending", 1)
    assert sent.error


def test_nothing_is_sent_in_the_clear(acme):
    sent = attempt(acme, callback={"dialect": "test", "url": "http://93.184.216.34/", "data": {}})

    assert sent.error == "This address must begin with https://."


def test_a_receiver_that_hangs_up_is_a_plain_failure(acme, endpoint, receiver):
    receiver.answers(b"")

    sent = attempt(acme)

    assert (sent.state, sent.failures, sent.response_status) == ("pending", 1, None)


def test_a_callback_that_is_gone_is_tried_again(acme, receiver):
    receiver.answers(answer(410))

    assert attempt(acme, callback=receiver.callback()).state == "pending"


@pytest.mark.parametrize(
    "changes",
    [
        {"not_before": timezone.now() + timedelta(hours=1)},
        {"state": "sending"},
        {"state": "delivered", "finished_at": timezone.now()},
        {"state": "failed", "finished_at": timezone.now()},
    ],
    ids=["not due", "being sent", "delivered", "failed"],
)
def test_what_is_not_to_be_sent_is_not_sent(acme, endpoint, receiver, changes):
    sent = pending(acme)
    Delivery.objects.update(**changes)

    send(sent.pk)

    sent.refresh_from_db()
    assert receiver.requests == []
    assert sent.attempt == 0


@pytest.mark.parametrize(
    "changes", [{"state": "disabled"}, {"paused_until": timezone.now() + timedelta(hours=1)}], ids=["off", "paused"]
)
def test_an_endpoint_that_must_not_be_disturbed_is_not(acme, endpoint, receiver, changes):
    sent = pending(acme)
    WebhookEndpoint.objects.update(**changes)

    send(sent.pk)

    assert receiver.requests == []


def test_the_end_of_a_pause_lets_deliveries_through(acme, endpoint, receiver):
    sent = pending(acme)
    WebhookEndpoint.objects.update(paused_until=timezone.now() - timedelta(seconds=1))

    send(sent.pk)

    assert len(receiver.requests) == 1


def test_a_bell_for_nothing_does_nothing(db):
    send(12345)

    assert not Delivery.objects.exists()


def test_the_task_takes_the_id_as_text(acme, endpoint, receiver):
    sent = pending(acme)

    tasks.deliver(str(sent.pk))

    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [200, 302, 410, 500])
def test_logs_hold_neither_link_nor_secret(acme, issued, receiver, status, caplog):
    caplog.set_level(logging.DEBUG)
    receiver.answers(answer(status, Location=receiver.hook))

    attempt(acme)

    assert "not-for-logs" not in caplog.text
    assert issued.secret not in caplog.text


def test_endpoint_and_callback_are_both_served(acme, endpoint, receiver):
    event = publish(acme, callback=receiver.callback())

    answer_bells()

    assert [sent.state for sent in event.deliveries.all()] == ["delivered", "delivered"]
