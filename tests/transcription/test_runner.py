"""The whole work of a worker, in this process, on the demo model."""

import pytest

from billing import queries as billing
from core import draining
from tests import jobs
from transcription import queries, runner, services
from transcription.audit import audit
from transcription.errors import LostLease
from transcription.models import Transcription
from transcription.options import JobOptions

pytestmark = pytest.mark.django_db(transaction=True)  # the heartbeat has a connection of its own

State = Transcription.State


@pytest.fixture
def ask(acme):
    return lambda clip, **options: services.request(acme, media=jobs.media(acme, clip), options=JobOptions(**options))


def test_a_recording_becomes_a_transcript(acme, ask):
    job = ask("short.wav")

    runner.run_next()

    job.refresh_from_db()
    assert (job.state, job.progress, job.used_device) == (State.COMPLETED, 100, "cpu")
    assert job.seconds == pytest.approx(11.03, abs=0.05)
    assert queries.text(queries.transcript_of(job)).startswith("Let us get started.")
    assert billing.balance(acme).available == 10_000 - 12
    assert audit() == []


def test_silence_completes_with_an_empty_transcript_and_is_charged_by_its_length(acme, ask):
    job = ask("silence.wav")

    runner.run_next()

    job.refresh_from_db()
    assert job.state == State.COMPLETED
    assert queries.text(queries.transcript_of(job)) == ""
    assert billing.job_charge(acme, job.public_id).charged == 9  # 9 seconds of silence


def test_nothing_waits_and_nothing_is_done(db):
    assert runner.run_next() is None


def test_no_work_is_taken_while_the_machine_goes_down(ask):
    job = ask("short.wav")
    draining.flag().parent.mkdir(parents=True, exist_ok=True)
    draining.flag().touch()
    try:
        runner.run_next()
    finally:
        draining.flag().unlink()

    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.QUEUED, 0)


def test_a_resumed_job_hears_only_what_is_missing(ask, monkeypatch):
    job = ask("short.wav")
    keep = services.checkpoint
    kept = []

    def lose_the_lease_after_one(job, *, index, **details):
        if len(kept) == 1:
            raise LostLease
        keep(job, index=index, **details)
        kept.append(index)

    monkeypatch.setattr(services, "checkpoint", lose_the_lease_after_one)
    runner.run_next()
    Transcription.objects.filter(pk=job.pk).update(state=State.QUEUED)
    resumed = []
    monkeypatch.setattr(
        services,
        "checkpoint",
        lambda job, *, index, **details: (resumed.append(index), keep(job, index=index, **details)),
    )

    runner.run_next()

    job.refresh_from_db()
    assert job.state == State.COMPLETED
    assert not set(kept) & set(resumed)
    assert queries.text(queries.transcript_of(job)).startswith("Let us get started.")


def test_a_job_whose_model_is_not_here_waits_and_does_not_fail(acme, ask, settings, caplog):
    settings.WHISPER_MODEL = "base"
    job = ask("short.wav")

    runner.run_next()

    job.refresh_from_db()
    assert (job.state, job.failures) == (State.QUEUED, 0)
    assert "manage.py fetch_model base" in caplog.text
    assert billing.balance(acme).held == 12


def test_a_cancelled_job_is_put_down(acme, ask, monkeypatch):
    job = ask("short.wav")
    keep = services.checkpoint

    def cancel_first(job, **details):
        services.cancel(job)
        keep(job, **details)

    monkeypatch.setattr(services, "checkpoint", cancel_first)

    runner.run_next()

    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert billing.balance(acme).available == 10_000
