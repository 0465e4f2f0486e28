"""Two workers at one delivery, workers that die, workers that come back too late."""

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone
from django_q.models import OrmQ

from orgs.delivery import reconcile, send
from orgs.models import Delivery
from tests.core.loopback import PATIENCE_SECONDS, answer
from tests.orgs.receiver import answer_bells, pending, rung

pytestmark = pytest.mark.django_db(transaction=True)


def worker(job, *args) -> threading.Thread:
    """Start a thread that does `job` on a database connection of its own."""

    def work() -> None:
        try:
            job(*args)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def expire_lease() -> None:
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_two_workers_at_once_post_once(acme, endpoint, receiver):
    delivery = pending(acme)
    start = threading.Barrier(2)

    def attempt() -> None:
        start.wait(PATIENCE_SECONDS)
        send(delivery.pk)

    for thread in [worker(attempt), worker(attempt)]:
        thread.join(PATIENCE_SECONDS)

    delivery.refresh_from_db()
    assert len(receiver.requests) == 1
    assert (delivery.state, delivery.attempt) == ("delivered", 1)


def test_the_post_is_made_outside_any_transaction(acme, endpoint, receiver):
    delivery = pending(acme)
    receiver.hold()
    thread = worker(send, delivery.pk)
    receiver.arrived.wait(PATIENCE_SECONDS)

    # Another connection sees the claim, and writes, while the answer is still awaited.
    delivery.refresh_from_db()
    written = Delivery.objects.filter(pk=delivery.pk).update(error="written meanwhile")

    receiver.release()
    thread.join(PATIENCE_SECONDS)
    assert (delivery.state, delivery.attempt, written) == ("sending", 1, 1)
    assert delivery.lease_until > timezone.now() + timedelta(seconds=30)


def test_a_late_result_is_dropped(acme, endpoint, receiver):
    receiver.answers(answer(500), answer(200))
    delivery = pending(acme)
    receiver.hold()
    zombie = worker(send, delivery.pk)
    receiver.arrived.wait(PATIENCE_SECONDS)
    expire_lease()
    reconcile()
    receiver.arrived.clear()
    second = worker(send, delivery.pk)
    receiver.arrived.wait(PATIENCE_SECONDS)

    receiver.release()
    zombie.join(PATIENCE_SECONDS)
    second.join(PATIENCE_SECONDS)

    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    assert (delivery.state, delivery.response_status, delivery.attempt) == ("delivered", 200, 2)
    assert endpoint.consecutive_failures == 0


def test_a_late_result_is_dropped_once_the_reconciler_has_taken_the_delivery_back(acme, endpoint, receiver):
    delivery = pending(acme)
    receiver.hold()
    zombie = worker(send, delivery.pk)
    receiver.arrived.wait(PATIENCE_SECONDS)
    expire_lease()
    reconcile()

    receiver.release()
    zombie.join(PATIENCE_SECONDS)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.failures, delivery.response_status) == ("pending", 1, None)


def test_a_late_result_counts_while_nobody_else_has_begun(acme, endpoint, receiver):
    delivery = pending(acme)
    receiver.hold()
    slow = worker(send, delivery.pk)
    receiver.arrived.wait(PATIENCE_SECONDS)
    expire_lease()

    receiver.release()
    slow.join(PATIENCE_SECONDS)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt) == ("delivered", 1)


def test_an_endpoint_deleted_during_the_post_takes_the_result_along(acme, endpoint, receiver):
    delivery = pending(acme)
    receiver.hold()
    thread = worker(send, delivery.pk)
    receiver.arrived.wait(PATIENCE_SECONDS)

    endpoint.delete()
    receiver.release()
    thread.join(PATIENCE_SECONDS)

    assert not Delivery.objects.exists()


def test_a_worker_killed_between_post_and_record_leaves_a_message_that_comes_again(acme, endpoint, receiver):
    delivery = pending(acme)
    receiver.hold()
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        send(delivery.pk)
        os._exit(0)
    receiver.arrived.wait(PATIENCE_SECONDS)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    receiver.release()

    expire_lease()
    reconcile()
    answer_bells()

    first, second = receiver.requests
    delivery.refresh_from_db()
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == delivery.event.public_id
    assert (delivery.state, delivery.attempt, delivery.failures) == ("delivered", 2, 1)


def test_two_reconcilers_ring_once(acme, endpoint, receiver):
    delivery = pending(acme)
    OrmQ.objects.all().delete()
    receiver.hold()
    lost = worker(send, delivery.pk)
    receiver.arrived.wait(PATIENCE_SECONDS)
    expire_lease()

    for thread in [worker(reconcile), worker(reconcile)]:
        thread.join(PATIENCE_SECONDS)
    receiver.release()
    lost.join(PATIENCE_SECONDS)

    assert Delivery.objects.get().failures == 1
    assert rung() == [str(delivery.pk)]
