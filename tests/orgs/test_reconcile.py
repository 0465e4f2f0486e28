"""What the reconciler brings back, and whose turn it is."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from core import bell
from orgs.delivery import reconcile, send
from orgs.endpoints import create_endpoint, disable_endpoint
from orgs.models import Delivery, WebhookEndpoint
from orgs.turns import BELL_SECONDS, BELLS_PER_ORG, IN_FLIGHT_PER_HOST
from tests.core.loopback import answer
from tests.orgs.receiver import answer_bells, make_due, pending, publish, publish_many, rung

pytestmark = pytest.mark.django_db


def forget_bells() -> None:
    """Lose every message of the queue, as a broker might."""
    OrmQ.objects.all().delete()


def let_pauses_pass(*, rounds: int) -> None:
    """Let the cluster and the reconciler work in turns, with no pause in between."""
    for _ in range(rounds):
        answer_bells()
        Delivery.objects.update(not_before=None)
        WebhookEndpoint.objects.update(paused_until=None)
        reconcile()


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)


@pytest.fixture
def roomy(settings):
    """So many workers that only the bound for each host matters."""
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"ALT_CLUSTERS": {bell.IO: {"workers": 100}}}


def test_nothing_to_do_rings_nothing(acme, endpoint):
    assert reconcile() == 0


def test_a_bell_that_is_out_is_not_rung_again(acme, endpoint):
    publish(acme)

    assert reconcile() == 0
    assert len(rung()) == 1


def test_a_lost_bell_is_rung_again(acme, endpoint):
    delivery = pending(acme)
    forget_bells()
    Delivery.objects.update(rung_at=ago(BELL_SECONDS + 1))

    assert reconcile() == 1
    assert rung() == [str(delivery.pk)]


def test_a_failure_is_rung_for_when_its_pause_is_over(acme, endpoint, receiver):
    receiver.answers(answer(500))
    delivery = pending(acme)
    answer_bells()

    assert reconcile() == 0
    make_due(delivery)
    assert reconcile() == 1


@pytest.mark.parametrize("seconds", [1, 3600])
def test_an_attempt_that_was_lost_is_made_again(acme, endpoint, receiver, seconds):
    delivery = pending(acme)
    forget_bells()
    Delivery.objects.update(state="sending", attempt=1, lease_until=ago(seconds), rung_at=None)

    assert reconcile() == 1
    answer_bells()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt, delivery.failures) == ("delivered", 2, 1)


def test_an_attempt_under_way_is_left_alone(acme, endpoint):
    pending(acme)
    forget_bells()
    Delivery.objects.update(state="sending", attempt=1, lease_until=timezone.now() + timedelta(seconds=30))

    assert reconcile() == 0
    assert Delivery.objects.get().state == "sending"


def test_a_message_that_kills_its_worker_is_given_up_in_the_end(acme, endpoint):
    delivery = pending(acme)
    Delivery.objects.update(state="sending", failures=9, lease_until=ago(1))

    assert reconcile() == 0

    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == ("failed", "The delivery was interrupted too often.")


def test_what_waits_for_an_endpoint_that_was_switched_off_is_given_up(acme, endpoint, receiver):
    other, _ = create_endpoint(acme, url=receiver.hook)
    publish(acme)
    disable_endpoint(endpoint)

    reconcile()

    assert endpoint.deliveries.get().error == "The endpoint is switched off."
    assert endpoint.deliveries.get().state == "failed"
    assert other.deliveries.get().state == "pending"


def test_a_paused_endpoint_is_not_rung_for(acme, endpoint):
    WebhookEndpoint.objects.update(paused_until=timezone.now() + timedelta(minutes=1))
    publish(acme)

    assert reconcile() == 0
    assert rung() == []


def test_a_round_rings_a_few_times_for_each_organization(acme, globex, receiver):
    create_endpoint(acme, url=receiver.hook)
    create_endpoint(globex, url=receiver.hook)
    publish_many(acme, 20)
    publish(globex)
    forget_bells()
    Delivery.objects.update(rung_at=None)

    assert reconcile() == BELLS_PER_ORG + 1
    assert reconcile() == 0, "until these are answered"


def test_what_never_failed_goes_first(acme, endpoint):
    publish_many(acme, 5)
    Delivery.objects.update(failures=1)
    fresh = pending(acme, subject="fresh")
    forget_bells()
    Delivery.objects.update(rung_at=None)

    reconcile()

    assert rung()[0] == str(fresh.pk)


def test_a_burst_of_one_organization_does_not_keep_another_waiting(acme, globex, receiver):
    create_endpoint(acme, url=receiver.hook)
    create_endpoint(globex, url=receiver.hook)
    publish_many(acme, 20)
    other = pending(globex, subject="trans_g")

    answer_bells(BELLS_PER_ORG + 1)

    other.refresh_from_db()
    assert other.state == "delivered"


def test_a_burst_is_sent_to_its_end_without_the_reconciler(acme, endpoint, receiver):
    publish_many(acme, 20)

    answer_bells()

    assert len(receiver.requests) == 20
    assert not Delivery.objects.exclude(state="delivered").exists()


def test_one_organization_has_only_its_share_in_flight(acme, endpoint, receiver):
    first, second = pending(acme, subject="first"), pending(acme, subject="second")
    Delivery.objects.filter(pk=first.pk).update(state="sending")

    send(second.pk)

    assert receiver.requests == []


def test_another_organization_has_a_share_of_its_own(acme, globex, endpoint, receiver):
    create_endpoint(globex, url=receiver.hook)
    pending(acme)
    Delivery.objects.update(state="sending")

    send(pending(globex).pk)

    assert len(receiver.requests) == 1


@pytest.mark.parametrize(("in_flight", "sent"), [(IN_FLIGHT_PER_HOST - 1, 1), (IN_FLIGHT_PER_HOST, 0)])
def test_few_deliveries_are_in_flight_to_one_host(acme, endpoint, receiver, roomy, in_flight, sent):
    publish_many(acme, in_flight)
    Delivery.objects.update(state="sending")

    send(pending(acme, subject="next").pk)

    assert len(receiver.requests) == sent


def test_a_busy_host_does_not_hold_up_another(acme, endpoint, receiver, roomy):
    publish_many(acme, IN_FLIGHT_PER_HOST)
    Delivery.objects.update(state="sending", host="slow.example")

    send(pending(acme, subject="next").pk)

    assert len(receiver.requests) == 1


def test_a_refused_bell_is_rung_again_when_there_is_room(acme, endpoint, receiver):
    first, second = pending(acme, subject="first"), pending(acme, subject="second")
    Delivery.objects.filter(pk=first.pk).update(state="sending", lease_until=timezone.now() + timedelta(seconds=30))
    forget_bells()
    send(second.pk)

    assert reconcile() == 0
    Delivery.objects.filter(pk=first.pk).update(state="delivered", finished_at=timezone.now())
    assert reconcile() == 1
    assert rung() == [str(second.pk)]


def test_a_flaky_receiver_gets_everything_in_the_end(acme, endpoint, receiver):
    receiver.answers(answer(500), answer(200), answer(503), answer(302), answer(200), b"", answer(200))
    publish_many(acme, 10)

    let_pauses_pass(rounds=5)

    assert not Delivery.objects.exclude(state="delivered").exists()
