from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from billing import queries as billing
from billing import services as ledger
from tests import jobs
from transcription import reconciler, services
from transcription.audit import audit
from transcription.models import Transcription
from transcription.options import JobOptions

State = Transcription.State
LONG_AGO = timezone.now() - timedelta(days=30)


@pytest.fixture
def recording(acme):
    return jobs.media(acme, "short.wav")


@pytest.fixture
def lost(acme, recording):
    """A job whose worker has not been heard of."""
    job = jobs.claimed_job(acme, media=recording)
    Transcription.objects.filter(pk=job.pk).update(lease_until=LONG_AGO)
    OrmQ.objects.all().delete()
    return job


def test_a_lost_job_is_put_back_and_rung_for(lost):
    reconciler.reconcile()

    lost.refresh_from_db()
    assert (lost.state, lost.failures) == (State.QUEUED, 1)
    assert OrmQ.objects.count() == 1


def test_a_job_that_lost_its_last_worker_is_given_up_free_of_charge(acme, lost, settings):
    Transcription.objects.filter(pk=lost.pk).update(failures=settings.JOB_MAX_FAILURES - 1)

    reconciler.reconcile()

    lost.refresh_from_db()
    assert (lost.state, lost.error_code) == (State.FAILED, "job_abandoned")
    assert billing.balance(acme).available == 10_000
    assert audit() == []


def test_a_job_whose_lease_holds_is_left_alone(acme, recording):
    job = jobs.claimed_job(acme, media=recording)

    reconciler.reconcile()

    job.refresh_from_db()
    assert (job.state, job.attempt, job.failures) == (State.PROCESSING, 1, 0)


def test_a_lost_bell_rings_again_once_per_lease(acme, recording):
    job = services.request(acme, media=recording, options=JobOptions())
    OrmQ.objects.all().delete()
    Transcription.objects.filter(pk=job.pk).update(rung_at=LONG_AGO)

    reconciler.reconcile()
    reconciler.reconcile()

    assert OrmQ.objects.count() == 1


def test_a_long_queue_gets_as_many_bells_as_jobs_and_no_more(acme, recording):
    for _ in range(3):
        services.request(acme, media=recording, options=JobOptions())
    OrmQ.objects.order_by("pk").first().delete()
    Transcription.objects.update(rung_at=LONG_AGO)

    reconciler.reconcile()
    Transcription.objects.update(rung_at=LONG_AGO)
    reconciler.reconcile()

    assert OrmQ.objects.count() == 3


def test_a_fresh_bell_is_not_doubled(acme, recording):
    services.request(acme, media=recording, options=JobOptions())

    reconciler.reconcile()

    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_job_beyond_its_deadline_fails_free_of_charge(acme, recording, is_claimed):
    job = services.request(acme, media=recording, options=JobOptions())
    if is_claimed:
        services.claimed(job.pk, worker="test:1")
    Transcription.objects.filter(pk=job.pk).update(created_at=LONG_AGO)

    reconciler.reconcile()

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "job_deadline_passed")
    assert billing.balance(acme).available == 10_000
    assert audit() == []


def test_a_hold_without_an_open_job_is_released_and_reported(acme, caplog, monkeypatch):
    ledger.hold(acme, job="trans_gone", amount=50)
    monkeypatch.setattr(reconciler, "_FORGOTTEN_AFTER", timedelta(0))

    reconciler.reconcile()

    assert billing.balance(acme).available == 10_000
    assert "trans_gone" in caplog.text


def test_the_hold_of_an_open_job_is_kept(acme, recording, monkeypatch):
    services.request(acme, media=recording, options=JobOptions())
    monkeypatch.setattr(reconciler, "_FORGOTTEN_AFTER", timedelta(0))

    reconciler.reconcile()

    assert billing.balance(acme).held == 12


def test_a_second_round_finds_nothing_to_do(lost):
    reconciler.reconcile()

    assert reconciler.reconcile() == 0
