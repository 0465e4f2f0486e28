import pytest
from django.utils import timezone
from django_q.models import OrmQ

from billing import queries as billing
from billing import services as ledger
from billing.errors import CapReached, InsufficientSynapses
from core.errors import Invalid, Unavailable
from media import services as media_services
from media.errors import NoAudio
from orgs.models import Event
from tests import factories, jobs
from transcription import services
from transcription.audit import audit
from transcription.errors import Abandoned, AlreadyOver, LostLease, MediaFileRemoved
from transcription.models import Checkpoint, Transcription
from transcription.options import JobOptions

State = Transcription.State


@pytest.fixture
def recording(acme):
    return jobs.media(acme, "short.wav")  # 11.03 seconds: 12 synapses


def test_a_request_holds_the_price_and_rings_once(acme, recording):
    job = services.request(acme, media=recording, options=JobOptions())

    assert job.state == State.QUEUED
    assert billing.balance(acme).held == 12
    assert OrmQ.objects.count() == 1


def test_a_request_that_cannot_be_paid_leaves_nothing_behind(db):
    poor = factories.organization("Poor", synapses=11)
    recording = jobs.media(poor, "short.wav")

    with pytest.raises(InsufficientSynapses) as refusal:
        services.request(poor, media=recording, options=JobOptions())

    assert refusal.value.details == {"required": 12, "available": 11}
    assert not Transcription.of(poor).exists()
    assert not OrmQ.objects.exists()
    assert audit() == []


def test_a_request_beyond_the_keys_cap_leaves_nothing_behind(acme, recording):
    key = factories.key(acme, monthly_cap_synapses=11).key

    with pytest.raises(CapReached):
        services.request(acme, media=recording, options=JobOptions(), requested_by=key)

    assert billing.balance(acme).held == 0
    assert not Transcription.of(acme).exists()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (JobOptions(language="xx"), "language"),
        (JobOptions(task="summarize"), "task"),
        (JobOptions(priority="asap"), "priority"),
        (JobOptions(device="tpu"), "device"),
    ],
)
def test_an_option_that_is_wrong_is_named_and_costs_nothing(acme, recording, options, field):
    with pytest.raises(Invalid) as refusal:
        services.request(acme, media=recording, options=options)

    assert field in refusal.value.details["fields"]
    assert billing.balance(acme).held == 0


def test_a_device_that_nobody_has_is_refused(acme, recording):
    with pytest.raises(Unavailable):
        services.request(acme, media=recording, options=JobOptions(device="cuda"))


def test_a_recording_without_sound_is_refused(acme, recording):
    recording.audio_codec = ""

    with pytest.raises(NoAudio):
        services.request(acme, media=recording, options=JobOptions())


def test_a_recording_whose_file_is_gone_is_refused(acme, recording):
    media_services.remove_file(recording)

    with pytest.raises(MediaFileRemoved):
        services.request(acme, media=recording, options=JobOptions())


@pytest.mark.parametrize(("priority", "price"), [("normal", 12), ("high", 18), ("urgent", 24)])
def test_priority_multiplies_the_price(acme, recording, priority, price):
    services.request(acme, media=recording, options=JobOptions(priority=priority))

    assert billing.balance(acme).held == price


def test_a_quote_is_what_the_request_will_hold(acme, recording):
    offer = services.quote(acme, media=recording, options=JobOptions(priority="high"))

    services.request(acme, media=recording, options=JobOptions(priority="high"))

    assert offer.synapses == billing.balance(acme).held == 18


@pytest.mark.parametrize(("claimed_seconds", "held"), [(None, 1), (0.4, 1), (10**9, 12 * 3600)])
def test_a_header_that_lies_holds_within_reason_and_is_charged_by_the_truth(db, claimed_seconds, held):
    org = factories.organization("Rich", synapses=100_000)
    recording = jobs.media(org, "short.wav")
    recording.seconds = claimed_seconds
    recording.save()
    job = jobs.claimed_job(org, media=recording)
    assert billing.balance(org).held == held
    services.plan(job, seconds=11.03, blocks=[])

    services.finish(job, seconds=11.03, device="cpu")

    assert billing.balance(org) == billing.Balance(available=100_000 - 12, held=0, spent=12)
    assert audit() == []


def test_a_shared_request_joins_the_job_that_runs(acme, recording):
    first = services.request(acme, media=recording, options=JobOptions(), shared=True)

    second = services.request(acme, media=recording, options=JobOptions(), shared=True)

    assert second == first
    assert billing.balance(acme).held == 12


def test_a_shared_request_reuses_a_finished_result(acme, recording):
    services.request(acme, media=recording, options=JobOptions(), shared=True)
    job = services.claimed(Transcription.of(acme).get().pk, worker="test:1")
    services.plan(job, seconds=11.03, blocks=[])
    services.finish(job, seconds=11.03, device="cpu")

    again = services.request(acme, media=recording, options=JobOptions(), shared=True)

    assert again == job
    assert billing.balance(acme).available == 10_000 - 12


def test_a_request_that_is_not_shared_always_makes_a_job(acme, recording):
    first = services.request(acme, media=recording, options=JobOptions())

    second = services.request(acme, media=recording, options=JobOptions())

    assert second != first
    assert billing.balance(acme).held == 24


def test_a_finished_job_is_charged_by_its_decoded_seconds(acme, recording):
    job = jobs.claimed_job(acme, media=recording)
    services.plan(job, seconds=9.5, blocks=[])

    services.finish(job, seconds=9.5, device="cpu")

    charge = billing.job_charge(acme, job.public_id)
    assert (charge.charged, charge.held) == (10, 0)
    assert billing.balance(acme).available == 10_000 - 10
    assert audit() == []


def test_a_recording_longer_than_its_header_said_is_held_for_twice(acme, recording):
    job = jobs.claimed_job(acme, media=recording)

    services.plan(job, seconds=20.2, blocks=[])

    assert billing.balance(acme).held == 21
    services.finish(job, seconds=20.2, device="cpu")
    assert billing.job_charge(acme, job.public_id).charged == 21
    assert audit() == []


def test_a_job_that_turns_out_too_long_for_the_balance_can_still_fail_free_of_charge(db):
    poor = factories.organization("Poor", synapses=12)
    job = jobs.claimed_job(poor, media=jobs.media(poor, "short.wav"))
    with pytest.raises(InsufficientSynapses) as refusal:
        services.plan(job, seconds=20.2, blocks=[])

    services.fail(job, error=refusal.value)

    assert billing.balance(poor).available == 12
    assert Transcription.of(poor).get().error_code == "insufficient_synapses"
    assert audit() == []


def test_the_price_of_a_job_is_what_it_was_when_it_was_asked_for(acme, recording):
    job = jobs.claimed_job(acme, media=recording)
    acme.price_multiplier = 5
    acme.save()
    services.plan(job, seconds=11.03, blocks=[])

    services.finish(job, seconds=11.03, device="cpu")

    assert billing.job_charge(acme, job.public_id).charged == 12


def test_a_finished_job_publishes_its_transcript_and_forgets_its_checkpoints(acme, recording):
    job = jobs.finished_job(acme, media=recording, texts=("Hello there.", "Good bye."))

    segments = job.transcripts.get().segments.order_by("index")
    assert [segment.text for segment in segments] == ["Hello there.", "Good bye."]
    assert segments[1].words[0] == {
        "start": 10.0,
        "end": 10.4,
        "text": "Good",
        "confidence": 0.9,
        "speaker": None,
    }
    assert not Checkpoint.objects.exists()
    assert Event.of(acme).get(type="transcription.completed").subject == job.public_id


def test_the_transcripts_language_is_that_of_most_of_the_speech(acme, recording):
    job = jobs.claimed_job(acme, media=recording)
    services.plan(job, seconds=11.03, blocks=[])
    heard = [("en", "one two"), ("de", "eins zwei drei vier fünf sechs"), ("en", "three")]
    for index, (language, text) in enumerate(heard):
        result = jobs.heard(index, text, start=index * 3.0, language=language)
        services.checkpoint(job, index=index, result=result, progress=index)

    services.finish(job, seconds=11.03, device="cpu")

    assert job.transcripts.get().language == "de"


def test_a_failed_job_costs_nothing(acme, recording):
    job = jobs.claimed_job(acme, media=recording)

    services.fail(job, error=NoAudio())

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "no_audio")
    assert billing.balance(acme).available == 10_000
    assert audit() == []


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_cancelled_job_costs_nothing(acme, recording, is_claimed):
    job = services.request(acme, media=recording, options=JobOptions())
    if is_claimed:
        services.claimed(job.pk, worker="test:1")

    services.cancel(job)

    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert billing.balance(acme).available == 10_000
    assert audit() == []


def test_a_job_that_is_over_cannot_be_cancelled(acme, recording):
    job = jobs.finished_job(acme, media=recording)

    with pytest.raises(AlreadyOver):
        services.cancel(job)

    assert billing.job_charge(acme, job.public_id).charged == 12


LATE_CHANGES = {
    "plan": lambda job: services.plan(job, seconds=11.03, blocks=[]),
    "checkpoint": lambda job: services.checkpoint(job, index=0, result=jobs.heard(0, "Late."), progress=1),
    "finish": lambda job: services.finish(job, seconds=11.03, device="cpu"),
    "fail": lambda job: services.fail(job, error=NoAudio()),
    "stumble": services.stumble,
    "hand_back": services.hand_back,
}


@pytest.mark.parametrize("change", LATE_CHANGES.values(), ids=LATE_CHANGES)
def test_nothing_that_a_zombie_does_counts(acme, recording, change):
    zombie = jobs.claimed_job(acme, media=recording)
    services.hand_back(zombie)
    successor = services.claimed(zombie.pk, worker="test:2")

    with pytest.raises(LostLease):
        change(zombie)

    successor.refresh_from_db()
    assert (successor.state, successor.attempt, successor.worker) == (State.PROCESSING, 2, "test:2")
    assert not Checkpoint.objects.exists()
    assert billing.balance(acme).held == 12


@pytest.mark.parametrize("change", LATE_CHANGES.values(), ids=LATE_CHANGES)
def test_nothing_counts_after_a_cancel(acme, recording, change):
    job = jobs.claimed_job(acme, media=recording)
    services.cancel(job)

    with pytest.raises(LostLease):
        change(job)

    assert billing.balance(acme).available == 10_000
    assert audit() == []


def test_a_beat_of_a_lost_lease_says_so(acme, recording):
    job = jobs.claimed_job(acme, media=recording)
    services.cancel(job)

    assert services.beat(job, stage="decode", progress=3) is False
    assert services.is_ours(job) is False


def test_only_one_of_two_workers_gets_a_job(acme, recording):
    job = services.request(acme, media=recording, options=JobOptions())

    claims = [services.claimed(job.pk, worker=name) for name in ("test:1", "test:2")]

    assert [claim is not None for claim in claims] == [True, False]


def test_a_stumble_puts_a_job_back_after_a_pause(acme, recording):
    job = jobs.claimed_job(acme, media=recording)

    services.stumble(job)

    job.refresh_from_db()
    assert (job.state, job.failures) == (State.QUEUED, 1)
    assert job.not_before > timezone.now()
    assert billing.balance(acme).held == 12


def test_failures_count_since_the_last_block_that_was_heard(acme, recording, settings):
    settings.JOB_RETRY_SECONDS = 0
    job = jobs.claimed_job(acme, media=recording)
    services.plan(job, seconds=11.03, blocks=[])
    for index in range(settings.JOB_MAX_FAILURES + 1):
        services.checkpoint(job, index=index, result=jobs.heard(index, "Heard."), progress=index)
        services.stumble(job)
        job = services.claimed(job.pk, worker="test:1")

    assert (job.state, job.failures) == (State.PROCESSING, 1)


def test_a_job_that_is_put_off_waits_and_has_not_failed(acme, recording):
    job = jobs.claimed_job(acme, media=recording)

    services.put_off(job)

    job.refresh_from_db()
    assert (job.state, job.failures) == (State.QUEUED, 0)
    assert job.not_before > timezone.now()


def test_the_last_stumble_gives_a_job_up_free_of_charge(acme, recording, settings):
    settings.JOB_MAX_FAILURES = 1
    job = jobs.claimed_job(acme, media=recording)

    services.stumble(job)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, Abandoned.code)
    assert billing.balance(acme).available == 10_000


def test_a_job_that_is_handed_back_keeps_its_checkpoints_and_counts_no_failure(acme, recording):
    job = jobs.claimed_job(acme, media=recording)
    services.plan(job, seconds=11.03, blocks=[])
    services.checkpoint(job, index=0, result=jobs.heard(0, "Kept."), progress=40)

    services.hand_back(job)

    job.refresh_from_db()
    assert (job.state, job.failures, job.checkpoints.count()) == (State.QUEUED, 0, 1)


def test_a_replayed_settlement_moves_nothing(acme, recording):
    job = jobs.finished_job(acme, media=recording)

    ledger.settle(job.public_id, amount=12)

    assert billing.balance(acme).available == 10_000 - 12
    assert audit() == []
