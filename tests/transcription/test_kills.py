"""Jobs survive kill -9 of whatever works on them: each is done once, charged once, and no block is heard twice."""

import math
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from config.supervisor import processes
from tests.live import LiveServer, long_recording, processes_of, running, wait_until

PATIENT = {"JOB_MAX_FAILURES": 1000, "CANARY_SECONDS": 2, "DRAIN_SECONDS": 3}


@pytest.fixture
def machine(tmp_path):
    with running(tmp_path, web=False, CLUSTERS="transcribe", **PATIENT) as live:
        yield live


def more_is_heard(machine: LiveServer, blocks: int) -> set[tuple[int, int]]:
    """Wait until so many blocks more were heard; return number and key of all."""
    wanted = len(machine.checkpoints()) + blocks
    wait_until(lambda: len(machine.checkpoints()) >= wanted, f"{wanted} blocks were heard", seconds=40)
    return machine.checkpoints()


def charges(machine: LiveServer) -> list[tuple[str, int]]:
    """Return what was charged, a row for each charge."""
    return sorted(machine.rows("SELECT job, amount FROM billing_transfer WHERE kind = 'post'"))


def prices(machine: LiveServer) -> list[tuple[str, int]]:
    """Return what each finished job costs by its decoded duration: one synapse a started second."""
    jobs = machine.rows("SELECT public_id, seconds FROM transcription_transcription WHERE state = 'completed'")
    return sorted((job, math.ceil(seconds)) for job, seconds in jobs)


def test_job_goes_on_after_the_kills_of_worker_cluster_and_supervisor(machine, tmp_path):
    machine.transcribe(long_recording(tmp_path, seconds=150))
    at_first = more_is_heard(machine, 3)
    machine.kill_worker("transcribe")
    after_worker = more_is_heard(machine, 3)
    machine.kill_cluster("transcribe")
    after_cluster = more_is_heard(machine, 3)
    machine.restart_supervisor()
    after_supervisor = more_is_heard(machine, 3)

    states = machine.wait_for_jobs(seconds=60)

    assert list(states.values()) == ["completed"]
    assert at_first < after_worker < after_cluster < after_supervisor
    # Four claims, and no failure that still counts: each worker has heard blocks since the one before it was lost.
    assert machine.rows("SELECT attempt, failures FROM transcription_transcription") == [(4, 0)]
    assert charges(machine) == prices(machine)
    assert "The ledger is sound" in machine.manage("audit_ledger")


def cluster_processes(machine: LiveServer) -> list[int]:
    marked = {process.pid for process in processes.carrying("")}
    return sorted(marked & set(processes_of(machine.data_dir)))


def kill_any_process(machine: LiveServer, chance: random.Random) -> None:
    with suppress(ProcessLookupError):
        os.kill(chance.choice(cluster_processes(machine)), signal.SIGKILL)


def kill_a_cluster(machine: LiveServer, chance: random.Random) -> None:
    with suppress(ProcessLookupError):
        machine.kill_cluster("transcribe")


def kill_the_supervisor(machine: LiveServer, chance: random.Random) -> None:
    machine.kill_supervisor()
    machine.start_supervisor()


def freeze_any_process(machine: LiveServer, chance: random.Random) -> None:
    """Stop a process for longer than its lease, so that it comes back as a zombie."""
    with suppress(ProcessLookupError):
        pid = chance.choice(cluster_processes(machine))
        os.kill(pid, signal.SIGSTOP)
        time.sleep(4)
        os.kill(pid, signal.SIGCONT)


MISFORTUNES: list[Callable[[LiveServer, random.Random], None]] = [
    *[kill_any_process] * 6,
    kill_a_cluster,
    kill_the_supervisor,
    freeze_any_process,
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [random.SystemRandom().randrange(10**6)])
def test_jobs_survive_two_minutes_of_misfortunes(tmp_path, seed):
    chance = random.Random(seed)
    clip = long_recording(tmp_path, seconds=60)
    until = time.monotonic() + 120
    with running(tmp_path, web=False, CLUSTERS="transcribe", TRANSCRIBE_WORKERS=2, **PATIENT) as machine:
        jobs = machine.transcribe(*[clip] * 30)
        while time.monotonic() < until:
            wait_until(lambda: cluster_processes(machine), "there is something to kill")
            chance.choice(MISFORTUNES)(machine, chance)
            time.sleep(chance.uniform(0.2, 3))

        states = machine.wait_for_jobs(seconds=150)

        assert states == dict.fromkeys(jobs, "completed")
        assert machine.rows("SELECT max(attempt) FROM transcription_transcription") > [(1,)]
        assert charges(machine) == prices(machine)
        assert "The ledger is sound" in machine.manage("audit_ledger")
