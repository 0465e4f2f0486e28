"""The supervisor and real clusters: what was found to freeze or to orphan a cluster is done to it here."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests import installations
from tests.live import LiveServer, running, wait_until

CLUSTER = {"CLUSTERS": "io", "IO_WORKERS": 2, "CANARY_SECONDS": 2.5}


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A supervisor with the io cluster, shared: each test finds it well and leaves it so."""
    with running(tmp_path_factory.mktemp("machine"), web=False, **CLUSTER) as live:
        yield live


@pytest.fixture
def io(machine):
    machine.wait_until_working()
    wait_until(lambda: len(machine.family("io").workers) == 2, "the cluster has its processes")
    return machine.family("io")


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    # A killed process that nobody has waited for yet still has a folder, but no environment.
    try:
        return bool(Path(f"/proc/{pid}/environ").read_bytes())
    except OSError:
        return False


def assert_started_anew(machine: LiveServer, old, *, reason: str, before: int) -> None:
    wait_until(lambda: len(machine.reasons("io")) > before, "the cluster is started anew")
    machine.wait_until_working()
    assert machine.reasons("io")[before:] == [reason]
    assert machine.family("io").main != old.main
    assert not [pid for pid in (old.main, old.sentinel, *old.workers, old.monitor, old.pusher) if is_alive(pid)]


def test_cluster_whose_main_process_was_killed_is_started_anew(machine, io):
    before = len(machine.reasons("io"))

    kill(io.main)

    assert_started_anew(machine, io, reason="its main process ended", before=before)


def test_cluster_whose_sentinel_was_killed_is_started_anew(machine, io):
    before = len(machine.reasons("io"))

    kill(io.sentinel)

    assert_started_anew(machine, io, reason="its main process ended", before=before)


def test_cluster_frozen_by_the_death_of_idle_workers_is_started_anew(machine, io):
    before = len(machine.reasons("io"))

    kill(*io.workers)

    assert_started_anew(machine, io, reason="free workers do not answer", before=before)


def test_cluster_whose_new_monitor_hangs_is_started_anew(machine, io):
    before = len(machine.reasons("io"))

    kill(io.monitor)

    assert_started_anew(machine, io, reason="finished tasks are not acknowledged", before=before)


def test_cluster_whose_sentinel_hangs_while_processes_die_is_started_anew(machine, io):
    before = len(machine.reasons("io"))

    os.kill(io.sentinel, signal.SIGSTOP)
    kill(io.monitor)

    assert_started_anew(machine, io, reason="processes are missing", before=before)


def test_clusters_of_a_killed_supervisor_are_ended_by_the_next(machine, io):
    machine.kill_supervisor()
    orphans = [pid for pid in (io.main, io.sentinel, *io.workers) if is_alive(pid)]

    machine.start_supervisor()
    machine.wait_until_working()

    assert orphans == [io.main, io.sentinel, *io.workers]
    assert not [pid for pid in orphans if is_alive(pid)]


def test_waiting_threads_of_workers_do_not_spin(machine, io):
    environment = Path(f"/proc/{io.workers[0]}/environ").read_bytes().split(b"\0")

    assert b"OMP_WAIT_POLICY=passive" in environment


def test_second_supervisor_is_refused(machine, io):
    second = machine.start("cluster")

    assert second.wait(30) == 1
    assert "Another supervisor looks after the clusters of this data folder." in machine.log
    assert machine.family("io") == io


def test_drain_is_bounded(tmp_path):
    with running(tmp_path, web=False, **CLUSTER, DRAIN_SECONDS=0.5) as live:
        io = live.family("io")
        os.kill(io.sentinel, signal.SIGSTOP)

        live.supervisor.terminate()

        assert live.supervisor.wait(10) == 0
        assert not [pid for pid in (io.main, io.sentinel, *io.workers) if is_alive(pid)]


@pytest.mark.slow
@pytest.mark.skipif("installations.kind_of_this_run() == 'sqlite'", reason="SQLite has no server that could go away")
def test_absence_of_the_database_is_no_reason_to_start_a_cluster_anew(tmp_path):
    with running(tmp_path, web=False, **CLUSTER | {"CANARY_SECONDS": 20}) as live:
        io, name = live.family("io"), live.installation.database_url.rpartition("/")[2]
        installations.administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        installations.administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        wait_until(lambda: "The database did not answer" in live.log, "the supervisor misses the database")

        installations.administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        back_at = time.time()
        reconciled = "transcription.reconciler.reconcile"
        wait_until(lambda: live.status()["chores"][reconciled] > back_at, "the reconciler works again")
        wait_until(lambda: live.status()["clusters"]["io"]["silent_seconds"] < 1, "the cluster sings again", seconds=30)

        assert live.reasons("io") == []
        assert is_alive(io.main)


@pytest.mark.slow
def test_two_machines_on_one_database_hear_their_own_canaries(tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with running(tmp_path / "first", web=False, **CLUSTER) as first:
        other = first.env | {"DATA_DIR": str(tmp_path / "second")}
        second = LiveServer(replace(first.installation, data_dir=tmp_path / "second"), env=other)
        try:
            second.start_supervisor()
            second.wait_until_working()
            heard_until = time.time() + 10

            wait_until(lambda: heard_of(first) > heard_until and heard_of(second) > heard_until, "both sing for long")

            assert (first.reasons("io"), second.reasons("io")) == ([], [])
        finally:
            second.end()


def heard_of(machine: LiveServer) -> float:
    return (machine.data_dir / "cluster" / "io.alive").stat().st_mtime
