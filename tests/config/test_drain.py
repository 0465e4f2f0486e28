"""What becomes of a running job when its machine stops, or when its cluster must be started anew."""

import os
import signal

import pytest

from core import draining
from tests.live import LiveServer, long_recording, running, wait_until

TWO_WORKERS = {"CLUSTERS": "transcribe", "TRANSCRIBE_WORKERS": 2, "CANARY_SECONDS": 2}


@pytest.fixture
def machine(tmp_path):
    """Two transcribing workers, and a job that one of them is at."""
    with running(tmp_path, web=False, **TWO_WORKERS) as live:
        live.transcribe(long_recording(tmp_path, seconds=300))
        wait_until(lambda: len(live.checkpoints()) >= 2, "two blocks were heard")
        yield live


def job(machine: LiveServer) -> dict:
    ((state, attempt, failures, worker),) = machine.rows(
        "SELECT state, attempt, failures, worker FROM transcription_transcription"
    )
    return {"state": state, "attempt": attempt, "failures": failures, "pid": int(worker.rpartition(":")[2])}


def test_job_is_handed_back_when_the_machine_stops_and_goes_on_after_its_start(machine):
    machine.supervisor.send_signal(signal.SIGTERM)
    exit_code = machine.supervisor.wait(8)
    handed_back, heard = job(machine), machine.checkpoints()

    machine.start_supervisor()
    wait_until(lambda: len(machine.checkpoints()) > len(heard), "the job goes on")

    assert exit_code == 0
    assert (handed_back["state"], handed_back["failures"]) == ("queued", 0)
    assert (job(machine)["attempt"], job(machine)["failures"]) == (2, 0)
    assert heard < machine.checkpoints()
    assert not (machine.data_dir / "cluster" / draining.flag().name).exists()


def test_job_costs_no_try_when_its_cluster_is_frozen_by_the_death_of_an_idle_worker(machine):
    (idle,) = set(machine.family("transcribe").workers) - {job(machine)["pid"]}

    os.kill(idle, signal.SIGKILL)
    wait_until(lambda: machine.reasons("transcribe"), "the cluster is started anew")
    wait_until(lambda: job(machine)["attempt"] == 2, "the job is taken again")

    assert machine.reasons("transcribe") == ["free workers do not answer"]
    assert job(machine)["failures"] == 0
    assert machine.checkpoints()
