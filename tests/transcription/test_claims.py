import pytest

from tests import factories, jobs
from transcription import claims, services
from transcription.models import Transcription
from transcription.options import JobOptions


@pytest.fixture
def ask(db):
    """Ask for a job of an organization and return it; recordings are made once an organization."""
    recordings = {}

    def ask(org, *, priority="normal"):
        recording = recordings.setdefault(org.pk, None) or jobs.media(org, "short.wav")
        recordings[org.pk] = recording
        return services.request(org, media=recording, options=JobOptions(priority=priority))

    return ask


def claim(*devices: str) -> Transcription | None:
    return claims.claim_next(worker="test:1", devices=devices or ("auto", "cpu"))


def test_nothing_waits_and_nothing_is_claimed(db):
    assert claim() is None


def test_the_oldest_job_of_an_organization_goes_first(acme, ask):
    first, second = ask(acme), ask(acme)

    assert [claim(), claim()] == [first, second]


def test_an_urgent_job_overtakes(acme, ask):
    normal, high, urgent = ask(acme), ask(acme, priority="high"), ask(acme, priority="urgent")

    assert [claim(), claim(), claim()] == [urgent, high, normal]


def test_a_crowd_of_one_organization_lets_the_other_in_at_once(acme, globex, ask):
    crowd = [ask(acme) for _ in range(4)]
    single = ask(globex)

    assert [claim(), claim(), claim()] == [crowd[0], single, crowd[1]]


def test_turns_go_round_also_when_nothing_runs_any_more(acme, globex, ask):
    acmes, globexes = [ask(acme), ask(acme)], [ask(globex), ask(globex)]
    order = []

    for _ in range(4):
        job = claim()
        order.append(job)
        services.plan(job, seconds=11.03, blocks=[])
        services.finish(job, seconds=11.03, device="cpu")

    assert order == [acmes[0], globexes[0], acmes[1], globexes[1]]


def test_a_job_that_pauses_is_not_claimed(acme, ask):
    ask(acme)
    services.stumble(claim())

    assert claim() is None


def test_a_worker_takes_only_jobs_for_its_device(acme, ask):
    job = ask(acme)
    Transcription.objects.filter(pk=job.pk).update(device="cuda")

    assert claim("auto", "cpu") is None
    assert claim("auto", "cuda") == job


def test_a_claim_counts_the_attempt_and_names_the_worker(acme, ask):
    ask(acme)

    job = claim()

    assert (job.state, job.attempt, job.worker) == ("processing", 1, "test:1")
    assert job.lease_until is not None


def test_claiming_among_many_asks_few_questions(acme, ask, django_assert_max_num_queries):
    for _ in range(5):
        ask(acme)

    with django_assert_max_num_queries(6):  # the savepoint and its release stand for a transaction
        claim()


def test_organizations_do_not_starve_each_other_under_a_hundred_jobs(ask, db):
    orgs = [factories.organization(f"Org{n}") for n in range(3)]
    for org, number in zip(orgs, (12, 6, 2), strict=True):
        for _ in range(number):
            ask(org)

    first_six = [claim().org for _ in range(6)]

    assert [first_six.count(org) for org in orgs] == [2, 2, 2]
