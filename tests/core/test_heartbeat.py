"""A lease that is kept alive, and work that learns that it has lost its own."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from core.heartbeat import Heartbeat
from core.leases import in_seconds
from media.collections import default_collection
from media.models import Fetch
from tests.media.children import wait_until

PATIENCE_SECONDS = 10
Answer = bool | type[Exception]


class Renewal:
    """Answers as written down, the last one from then on, and says when it was asked so often."""

    def __init__(self, *answers: Answer) -> None:
        self._answers: Iterator[Answer] = iter(answers)
        self._answer: Answer = True
        self._enough = threading.Event()
        self._wanted = 0
        self.count = 0

    def __call__(self) -> bool:
        self.count += 1
        if self.count >= self._wanted:
            self._enough.set()
        self._answer = next(self._answers, self._answer)
        if isinstance(self._answer, bool):
            return self._answer
        raise self._answer

    def wait_for(self, count: int) -> None:
        self._wanted = count
        if self.count < count:
            self._enough.clear()
            assert self._enough.wait(PATIENCE_SECONDS)


def beating(renew: Callable[[], bool], *, patience_seconds: float = PATIENCE_SECONDS) -> Heartbeat:
    return Heartbeat(renew, interval_seconds=0.01, patience_seconds=patience_seconds)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "heartbeat"]


def test_a_lease_is_renewed_again_and_again():
    renewal = Renewal(True)

    with beating(renewal) as pulse:
        renewal.wait_for(3)
        lost = pulse.is_lost()

    assert not lost


def test_nothing_is_renewed_before_the_first_interval_is_over():
    renewal = Renewal(True)

    with Heartbeat(renewal, interval_seconds=60, patience_seconds=60):
        pass

    assert renewal.count == 0


def test_the_end_of_the_work_ends_the_thread_at_once():
    with Heartbeat(Renewal(True), interval_seconds=60, patience_seconds=60):
        during = threads()

    assert (during, threads()) == (["heartbeat"], [])


def test_a_failure_of_the_work_comes_through_and_ends_the_thread():
    with pytest.raises(ValueError, match="work"), beating(Renewal(True)):
        raise ValueError("work")

    assert threads() == []


def test_a_lease_that_is_somebody_elses_is_lost_for_good():
    renewal = Renewal(True, False, True)

    with beating(renewal) as pulse:
        wait_until(pulse.is_lost)

    assert pulse.is_lost()
    assert renewal.count == 2


def test_a_lease_that_was_never_lost_is_not_lost_afterwards():
    renewal = Renewal(True)

    with beating(renewal) as pulse:
        renewal.wait_for(2)

    assert not pulse.is_lost()


def test_a_database_that_comes_back_in_time_costs_nothing():
    renewal = Renewal(OperationalError, OperationalError, True)

    with beating(renewal) as pulse:
        renewal.wait_for(5)
        lost = pulse.is_lost()

    assert not lost


def test_a_database_that_stays_away_costs_the_lease():
    with beating(Renewal(OperationalError), patience_seconds=0.1) as pulse:
        wait_until(pulse.is_lost)

    assert pulse.is_lost()


def test_patience_begins_anew_with_each_renewal():
    renewal = Renewal(*[OperationalError, True] * 20)

    with Heartbeat(renewal, interval_seconds=0.01, patience_seconds=0.1) as pulse:
        renewal.wait_for(40)

    assert not pulse.is_lost()


@pytest.mark.django_db(transaction=True)
def test_a_renewal_is_written_while_the_work_goes_on(acme):
    row = Fetch.objects.create(org=acme, collection=default_collection(acme), url="http://127.0.0.1/")
    written = threading.Event()

    def renew() -> bool:
        is_ours = bool(Fetch.objects.filter(pk=row.pk, attempt=0).update(lease_until=in_seconds(60)))
        written.set()
        return is_ours

    with beating(renew) as pulse:
        assert written.wait(PATIENCE_SECONDS)
        row.refresh_from_db()
        Fetch.objects.update(attempt=1)
        wait_until(pulse.is_lost)

    assert row.lease_until > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_has_a_connection_of_its_own_and_closes_it(acme):
    seen = []

    def renew() -> bool:
        connection.ensure_connection()
        seen.append(connections["default"])
        return False

    with beating(renew) as pulse:
        wait_until(pulse.is_lost)

    assert seen[0] is not connections["default"]
    assert seen[0].connection is None
