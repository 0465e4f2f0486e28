from datetime import timedelta

import pytest
from django.db import transaction
from django_q.models import OrmQ

from core import bell
from orgs import outbox
from orgs.endpoints import create_endpoint, disable_endpoint
from orgs.models import Delivery, Event, WebhookEndpoint
from orgs.turns import BELLS_PER_ORG
from tests.orgs.receiver import answer_bells, make_due, pending, publish, publish_many, rung

pytestmark = pytest.mark.django_db
CALLBACK = {"dialect": "gcore", "url": "https://93.184.216.34/done", "data": {"task": 7}}


def test_an_event_is_kept_as_it_was(acme, endpoint):
    event = outbox.publish(acme, type="job.completed", subject="trans_1", payload={"seconds": 3})

    event.refresh_from_db()
    assert (event.org, event.type, event.subject, event.payload) == (acme, "job.completed", "trans_1", {"seconds": 3})


@pytest.mark.parametrize(
    ("wanted", "deliveries"),
    [([], 1), (["job.completed"], 1), (["job.completed", "job.failed"], 1), (["job.failed"], 0), (["job"], 0)],
)
def test_an_endpoint_gets_the_types_that_it_wants(acme, receiver, wanted, deliveries):
    create_endpoint(acme, url=receiver.hook, event_types=wanted)

    event = publish(acme, type="job.completed")

    assert event.deliveries.count() == deliveries


def test_every_endpoint_gets_a_delivery_with_a_bell(acme, receiver):
    create_endpoint(acme, url=receiver.hook)
    create_endpoint(acme, url=receiver.hook)

    event = publish(acme)

    assert rung() == [str(pk) for pk in event.deliveries.order_by("pk").values_list("pk", flat=True)]
    assert {message.key for message in OrmQ.objects.all()} == {bell.IO}


def test_an_endpoint_that_is_switched_off_gets_nothing(acme, endpoint):
    disable_endpoint(endpoint)

    assert not publish(acme).deliveries.exists()
    assert rung() == []


def test_the_other_tenant_hears_nothing(globex, endpoint):
    assert not publish(globex).deliveries.exists()
    assert rung() == []


def test_a_callback_is_a_delivery_of_its_own(acme, endpoint):
    event = publish(acme, callback=CALLBACK)

    to_endpoint, to_callback = event.deliveries.order_by("pk")
    assert (to_endpoint.endpoint, to_endpoint.callback) == (endpoint, None)
    assert (to_callback.endpoint, to_callback.callback) == (None, CALLBACK)
    assert (to_callback.url, to_callback.host) == (CALLBACK["url"], "93.184.216.34")


@pytest.mark.parametrize("url", ["", "nonsense", "https://[", "https:///path", "https://" + "x" * 300])
def test_an_unusable_callback_does_not_cost_the_event(acme, url):
    event = publish(acme, callback={"dialect": "gcore", "url": url})

    assert event.deliveries.get().callback["url"] == url


def test_an_event_is_told_once(acme, endpoint):
    first = publish(acme, payload={"told": "first"})

    second = publish(acme, payload={"told": "again"}, callback=CALLBACK)

    assert second == first
    assert second.payload == {"told": "first"}
    assert Delivery.objects.count() == 1
    assert len(rung()) == 1


def test_the_same_words_in_another_organization_are_another_event(acme, globex):
    assert publish(acme).org == acme
    assert publish(globex).org == globex


@transaction.atomic
def publish_and_stumble(org) -> None:
    publish(org, callback=CALLBACK)
    raise ZeroDivisionError


def test_what_is_rolled_back_was_never_told(acme, endpoint):
    with pytest.raises(ZeroDivisionError):
        publish_and_stumble(acme)

    assert not Event.objects.exists()
    assert not Delivery.objects.exists()
    assert rung() == []


def test_a_malformed_callback_leaves_nothing_half_done(acme, endpoint):
    with pytest.raises(KeyError):
        publish(acme, callback={"dialect": "gcore"})

    assert not Event.objects.exists()


def test_an_organization_has_only_a_few_bells_out(acme, globex, receiver):
    create_endpoint(acme, url=receiver.hook)
    create_endpoint(globex, url=receiver.hook)

    publish_many(acme, 20)
    other = pending(globex, subject="trans_g")

    assert len(rung()) == BELLS_PER_ORG + 1
    assert rung()[-1] == str(other.pk)


def test_a_ping_reaches_an_endpoint_that_wants_something_else(acme, receiver):
    endpoint, _ = create_endpoint(acme, url=receiver.hook, event_types=["job.failed"])

    outbox.send_test(endpoint)
    answer_bells()

    (request,) = receiver.requests
    assert b'"type":"ping"' in request.body


def test_a_ping_goes_to_one_endpoint_only(acme, endpoint, receiver):
    other, _ = create_endpoint(acme, url=receiver.hook)

    delivery = outbox.send_test(other)

    assert list(Delivery.objects.all()) == [delivery]


def test_a_ping_can_be_sent_again(endpoint):
    assert outbox.send_test(endpoint).event != outbox.send_test(endpoint).event


def test_a_ping_passes_a_pause(endpoint, receiver):
    WebhookEndpoint.objects.update(paused_until=endpoint.created_at + timedelta(hours=1), consecutive_failures=4)

    outbox.send_test(endpoint)
    answer_bells()

    assert len(receiver.requests) == 1


def test_an_endpoint_that_is_switched_off_takes_no_ping(endpoint):
    disable_endpoint(endpoint)

    with pytest.raises(outbox.EndpointDisabled):
        outbox.send_test(endpoint)

    assert not Event.objects.exists()


@pytest.mark.parametrize("state", ["delivered", "failed"])
def test_a_replay_begins_anew(acme, endpoint, state):
    delivery = pending(acme)
    OrmQ.objects.all().delete()
    Delivery.objects.update(
        state=state,
        failures=10,
        attempt=10,
        finished_at=delivery.created_at,
        not_before=delivery.created_at,
        rung_at=None,
    )

    outbox.replay(delivery)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.failures, delivery.finished_at) == ("pending", 0, None)
    assert delivery.attempt == 10, "the fencing number never goes back"
    assert rung() == [str(delivery.pk)]


def test_a_replay_of_what_waits_sends_it_now(acme, endpoint, receiver):
    delivery = pending(acme)
    Delivery.objects.update(not_before=delivery.created_at + timedelta(hours=1))

    outbox.replay(delivery)
    answer_bells()

    assert len(receiver.requests) == 1


def test_a_replay_leaves_alone_what_is_being_sent(acme, endpoint):
    delivery = pending(acme)
    Delivery.objects.update(state="sending", attempt=1)

    outbox.replay(delivery)

    assert Delivery.objects.get().state == "sending"


def test_nothing_is_replayed_to_an_endpoint_that_is_switched_off(acme, endpoint):
    delivery = pending(acme)
    Delivery.objects.update(state="failed", finished_at=delivery.created_at)
    disable_endpoint(endpoint)

    with pytest.raises(outbox.EndpointDisabled):
        outbox.replay(delivery)

    assert Delivery.objects.get().state == "failed"


def test_failures_since_a_moment_are_replayed_together(acme, endpoint):
    old, failed, delivered = (pending(acme, subject=subject) for subject in ("old", "failed", "delivered"))
    Delivery.objects.update(state="failed", finished_at=old.created_at)
    Delivery.objects.filter(pk=old.pk).update(created_at=old.created_at - timedelta(days=2))
    Delivery.objects.filter(pk=delivered.pk).update(state="delivered")

    count = outbox.replay_failed(endpoint, since=old.created_at - timedelta(days=1))

    assert count == 1
    assert list(Delivery.objects.filter(state="pending")) == [failed]


def test_replays_keep_the_message_id(acme, endpoint, receiver):
    delivery = pending(acme)
    answer_bells()

    outbox.replay(delivery)
    make_due(delivery)
    answer_bells()

    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == delivery.event.public_id
    assert first.body == second.body
