"""What the supervisor asks the database."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from config.supervisor import leases
from core.bell import IO, TRANSCRIBE
from tests import jobs
from transcription import services
from transcription.models import Transcription
from transcription.options import JobOptions

HOST = os.uname().nodename


@pytest.fixture
def media(acme):
    return jobs.media(acme)


@pytest.fixture
def job(acme, media):
    return services.request(acme, media=media, options=JobOptions())


def test_worker_with_a_lease_is_busy(job):
    services.claimed(job.pk, worker=f"{HOST}:41")

    assert leases.busy([41, 42]) == 1


@pytest.mark.parametrize("worker", [f"{HOST}:411", "other:41", f"{HOST}:4"])
def test_lease_of_another_process_does_not_count(job, worker):
    services.claimed(job.pk, worker=worker)

    assert leases.busy([41]) == 0


def test_lease_that_ran_out_does_not_count(job):
    services.claimed(job.pk, worker=f"{HOST}:41")
    Transcription.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert leases.busy([41]) == 0


def test_lease_of_a_finished_job_does_not_count(acme, media):
    jobs.finished_job(acme, media=media)
    Transcription.objects.update(worker=f"{HOST}:41")

    assert leases.busy([41]) == 0


@pytest.mark.django_db
def test_nobody_is_busy_without_workers():
    assert leases.busy([]) == 0


def test_nothing_waits_without_jobs(acme):
    assert leases.last_claim(TRANSCRIBE) is None


def test_waiting_job_is_seen_by_transcribe_clusters_alone(job):
    assert leases.last_claim(TRANSCRIBE) is not None
    assert leases.last_claim(IO) is None


def test_claim_of_any_job_changes_what_is_seen(acme, media, job):
    before = leases.last_claim(TRANSCRIBE)
    other = services.request(acme, media=media, options=JobOptions())

    services.claimed(other.pk, worker="other:1")

    assert leases.last_claim(TRANSCRIBE) not in (None, before)


def test_job_in_its_pause_does_not_wait(job):
    Transcription.objects.update(not_before=timezone.now() + timedelta(minutes=1))

    assert leases.last_claim(TRANSCRIBE) is None


def test_job_for_a_certain_device_does_not_count(job):
    Transcription.objects.update(device="cuda")

    assert leases.last_claim(TRANSCRIBE) is None


@pytest.mark.django_db
def test_message_stays_queued_until_it_is_acknowledged():
    message = OrmQ.objects.create(key="io", payload="", lock=timezone.now())
    asked = [None, message.pk]
    before = leases.still_queued(asked)

    message.delete()

    assert before == asked[1]
    assert leases.still_queued(asked) is None


@pytest.mark.django_db
def test_older_of_two_messages_is_waited_for():
    first, second = (OrmQ.objects.create(key="io", payload="", lock=timezone.now()) for _ in range(2))

    assert leases.still_queued([second.pk, first.pk]) == first.pk
