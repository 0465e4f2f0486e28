"""The figures, each measured on a real installation, with the aim that it is held against."""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.installation import (
    BASE_SHAPED,
    CLIPS,
    ROOT,
    ask_for_transcript,
    finished,
    install_base_shaped,
    installation,
    upload,
)
from tests.live import LiveServer, long_recording

TEN_MINUTES = CLIPS / "long.ogg"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Figure:
    """One measured figure."""

    name: str
    value: float
    unit: str
    aim: float
    how: str

    @property
    def is_met(self) -> bool:
        return self.value <= self.aim


def whole_path(folder: Path, *, rounds: int, threads: int) -> list[Figure]:
    """Hold the whole path against bare pywhispercpp, turn by turn, and look at the worker's memory meanwhile."""
    model = install_base_shaped(folder)
    env = {"DJANGO_SETTINGS_MODULE": "bench.settings", "WHISPER_MODEL": BASE_SHAPED, "WHISPER_THREADS": str(threads)}
    ratios, bare_runs, peaks = [], [], []
    with installation(folder, **env) as live:
        finished(live, live.transcribe(CLIPS / "short.wav")[0], seconds=300)  # loads the model
        for _ in range(rounds):
            created_at, _, finished_at, worker = finished(live, live.transcribe(TEN_MINUTES)[0], seconds=1800)
            peaks.append(_peak_bytes(worker))
            bare = _bare(live, model, threads)
            bare_runs.append(bare)
            together = bare["decode_seconds"] + bare["voice_seconds"] + bare["engine_seconds"]
            ratios.append(_seconds_between(created_at, finished_at) / together)
    voice = statistics.median(run["voice_seconds"] / run["engine_seconds"] for run in bare_runs)
    bare_peak = max(run["peak_bytes"] for run in bare_runs)
    return [
        Figure(
            "whole path over bare engine",
            statistics.median(ratios),
            "times",
            1.05,
            f"request to transcript, 10.7 minutes, base-shaped model, {threads} threads, over pywhispercpp fed by the "
            f"same decode and {bare_runs[0]['blocks']} blocks; {rounds} pairs",
        ),
        Figure("voice detection", 100 * voice, "% of the engine", 3, "of the bare engine's time on the same file"),
        Figure(
            "worker above the model",
            (max(peaks) - bare_peak) / MEGABYTE,
            "MB",
            150,
            f"peak of the worker ({max(peaks) / MEGABYTE:.0f} MB) less the peak of a process with only the model, its "
            f"state and the decoded file ({bare_peak / MEGABYTE:.0f} MB; the model's file has "
            f"{model.stat().st_size / MEGABYTE:.0f} MB)",
        ),
    ]


def memory_of_long_files(folder: Path) -> list[Figure]:
    """See whether a worker's memory grows with the length of the file, on the demo model."""
    peaks = {}
    for minutes in (1, 60):
        with installation(folder / f"{minutes}min") as live:
            recording = long_recording(folder, seconds=60 * minutes)
            *_, worker = finished(live, live.transcribe(recording)[0], seconds=1800)
            peaks[minutes] = _peak_bytes(worker)
    how = (
        f"peak for an hour ({peaks[60] / MEGABYTE:.0f} MB) less peak for a minute ({peaks[1] / MEGABYTE:.0f} MB), demo"
    )
    return [Figure("growth of a worker with the length", (peaks[60] - peaks[1]) / MEGABYTE, "MB", 30, how)]


def latencies(folder: Path, *, database: str) -> list[Figure]:
    """Measure how long a request for a transcript takes to answer, and how long until a worker has it."""
    with installation(folder / f"submit-{database}", cluster=False, database=database) as live:
        medium = upload(live, CLIPS / "short.wav")
        submit = [_timed(lambda: ask_for_transcript(live, medium)) for _ in range(210)][10:]
    with installation(folder / f"claim-{database}", database=database) as live:
        medium = upload(live, CLIPS / "short.wav")
        waits = [_commit_to_claim(live, medium) for _ in range(32)][2:]
    return [
        Figure(
            f"submit, p50 ({database})",
            1000 * statistics.median(submit),
            "ms",
            25,
            f"POST …/transcription without the upload, 200 times; p95 {1000 * _percentile(submit, 95):.1f} ms",
        ),
        Figure(
            f"commit to claim, p95 ({database})",
            _percentile(waits, 95),
            "s",
            0.5,
            f"an idle worker, 30 times; p50 {statistics.median(waits):.2f} s",
        ),
    ]


def _commit_to_claim(live: LiveServer, medium: str) -> float:
    job = ask_for_transcript(live, medium)
    created_at, claimed_at, _, _ = finished(live, job, seconds=60)
    return _seconds_between(created_at, claimed_at)


def _bare(live: LiveServer, model: Path, threads: int) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "bench.bare", str(model), str(TEN_MINUTES), str(threads)],
        cwd=ROOT,
        env={
            **live.env,
            "LOG_LEVEL": "WARNING",
            "OMP_WAIT_POLICY": "passive",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}",
        },
        stdout=subprocess.PIPE,
        check=True,
        timeout=1800,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _peak_bytes(worker: str) -> int:
    pid = worker.rpartition(":")[2]
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _timed(call) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def _percentile(values: list[float], per_cent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[per_cent - 1]


def _seconds_between(start, end) -> float:
    return (_moment(end) - _moment(start)).total_seconds()


def _moment(value) -> datetime:
    # SQLite hands out texts, PostgreSQL moments.
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
