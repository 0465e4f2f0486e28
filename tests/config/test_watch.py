"""What the supervisor makes of what it sees, without any process."""

from dataclasses import replace

import pytest

from config.supervisor.watch import Sight, Stretch, Watch

WELL = Sight(
    processes=(11, 12, 13),
    is_whole=True,
    has_free_workers=True,
    song=1,
    unacknowledged=None,
    starved=None,
)
UNHEARD = replace(WELL, song=None)
BUSY = replace(WELL, has_free_workers=False)

ILL = {
    "processes are missing": replace(BUSY, is_whole=False, processes=(11, 12)),
    "free workers do not answer": WELL,
    "finished tasks are not acknowledged": replace(BUSY, unacknowledged=7),
    "jobs wait although workers are free": replace(WELL, starved=("claim", None)),
}
CHANGED = {
    "processes are missing": replace(BUSY, is_whole=False, processes=(11, 14)),
    "free workers do not answer": replace(WELL, song=2),
    "finished tasks are not acknowledged": replace(BUSY, unacknowledged=8),
    "jobs wait although workers are free": replace(WELL, song=2, starved=("claim", "later")),
}


@pytest.fixture
def watch() -> Watch:
    """A watch over a cluster that has come up, at second 0, with a patience of ten seconds."""
    watch = Watch(patience_seconds=10, starving_seconds=20)
    watch.verdict(BUSY, 0)
    return watch


def looks(watch: Watch, sight: Sight, *seconds: float) -> list[str]:
    return [watch.verdict(sight, second) for second in seconds]


@pytest.mark.parametrize("reason", ["processes are missing", "free workers do not answer"])
def test_patience_ends_after_its_seconds_and_not_before(watch, reason):
    verdicts = looks(watch, ILL[reason], 5, 15, 15.1)

    assert verdicts == ["", "", reason]


def test_unacknowledged_message_runs_out_of_patience(watch):
    verdicts = looks(watch, ILL["finished tasks are not acknowledged"], 5, 15, 15.1)

    assert verdicts == ["", "", "finished tasks are not acknowledged"]


def test_starving_jobs_get_a_patience_of_their_own(watch):
    # Every look sees another song, so that silence is not the reason.
    sights = [(replace(ILL["jobs wait although workers are free"], song=second), second) for second in (5, 16, 25, 26)]

    verdicts = [watch.verdict(sight, second) for sight, second in sights]

    assert verdicts == ["", "", "", "jobs wait although workers are free"]


@pytest.mark.parametrize("reason", ILL)
def test_any_movement_begins_the_patience_anew(watch, reason):
    watch.verdict(ILL[reason], 1)

    verdicts = [*looks(watch, CHANGED[reason], 9), *looks(watch, CHANGED[reason], 18)]

    assert verdicts == ["", ""]


@pytest.mark.parametrize("reason", ILL)
def test_all_workers_at_work_excuse_silence(watch, reason):
    watch.verdict(ILL[reason], 1)
    watch.verdict(BUSY, 9)

    assert watch.verdict(ILL[reason], 18) == ""


@pytest.mark.parametrize("reason", ILL)
def test_time_without_sight_does_not_count(watch, reason):
    watch.verdict(ILL[reason], 1)

    watch.forget()

    assert watch.verdict(ILL[reason], 100) == ""


@pytest.mark.parametrize("reason", ILL)
def test_nothing_is_expected_before_all_processes_are_there(reason):
    watch = Watch(patience_seconds=10, starving_seconds=20)
    sight = replace(ILL[reason], is_whole=False)

    assert looks(watch, sight, 0, 50, 100) == ["", "", ""]
    assert not watch.is_born


def test_cluster_that_never_sang_is_silent_too(watch):
    assert looks(watch, UNHEARD, 1, 12) == ["", "free workers do not answer"]


def test_silent_cluster_gets_a_few_canaries_within_its_patience(watch):
    asked = []
    for tenth in range(100):
        watch.verdict(WELL, tenth / 10)
        asked.append(watch.wants_canary(tenth / 10))

    assert [tenth for tenth, wanted in enumerate(asked) if wanted] == [25, 50, 75]


@pytest.mark.parametrize("song", [1, 2, 3])
def test_singing_cluster_gets_no_canary(watch, song):
    watch.verdict(replace(WELL, song=song), song * 2)

    assert not watch.wants_canary(song * 2 + 1)


def test_busy_cluster_gets_no_canary(watch):
    looks(watch, BUSY, 1, 50)

    assert not watch.wants_canary(50)


def test_cluster_gets_a_canary_at_birth():
    watch = Watch(patience_seconds=10, starving_seconds=20)
    watch.verdict(UNHEARD, 3)

    assert [watch.wants_canary(3), watch.wants_canary(4)] == [True, False]


@pytest.mark.parametrize(("sight", "is_up"), [(UNHEARD, False), (BUSY, True), (WELL, True)])
def test_cluster_is_up_when_it_was_heard_of(sight, is_up):
    watch = Watch(patience_seconds=10, starving_seconds=20)
    looks(watch, UNHEARD, 1)

    looks(watch, sight, 2)

    assert watch.is_up == is_up


def test_message_waited_for_is_remembered(watch):
    watch.verdict(replace(BUSY, unacknowledged=7), 1)

    assert watch.unacknowledged == 7


@pytest.mark.parametrize(("thing", "seconds"), [("same", 4), ("other", 0), (None, 0)])
def test_stretch_lasts_while_the_thing_is_the_same(thing, seconds):
    stretch = Stretch()
    stretch.seconds("same", 1)

    assert stretch.seconds(thing, 5) == seconds
