"""What the benchmark measures on: a real web server, a real cluster, a database of their own."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

from bench.random_model import write_base_shaped
from tests.live import LiveServer, running

ROOT = Path(__file__).resolve().parents[1]
DEMO_MODEL = ROOT / "transcription" / "engine" / "models" / "ggml-demo.bin"
CLIPS = ROOT / "tests" / "speech"
BASE_SHAPED = "base-shaped"

_USUAL = {"JOB_LEASE_SECONDS": "60", "QUEUE_POLL_SECONDS": "0.2", "RECONCILE_SECONDS": "5", "SUPERVISE_SECONDS": "5"}
"""The product's own defaults, where tests are in more of a hurry."""


@contextmanager
def installation(data_dir: Path, *, cluster: bool = True, database: str = "sqlite", **env) -> Iterator[LiveServer]:
    """Run an installation in the new folder `data_dir`, with the settings that customers run."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with running(data_dir, database=database, cluster=cluster, **{**_USUAL, **env}) as live:
        if not cluster:
            _wait_for_web(live)
        yield live


def install_base_shaped(data_dir: Path) -> Path:
    """Put the model of base's shape where an installation in `data_dir` looks for it; return its path."""
    path = data_dir / "models" / "ggml-base-shaped.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_base_shaped(path, tokens_from=DEMO_MODEL)
    with path.open("rb") as file:
        path.with_suffix(".sha256").write_text(hashlib.file_digest(file, "sha256").hexdigest())
    return path


def finished(live: LiveServer, job: str, *, seconds: float) -> tuple:
    """Wait until a job is over; return its row: created_at, claimed_at, finished_at, worker."""
    columns = "state, created_at, claimed_at, finished_at, worker"
    query = f"SELECT {columns} FROM transcription_transcription WHERE public_id = %s"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ((state, *row),) = live.rows(query, job)
        if state == "completed":
            return tuple(row)
        if state in ("failed", "cancelled"):
            raise RuntimeError(f"The job {job} ended as {state}.")
        time.sleep(0.2)
    raise RuntimeError(f"The job {job} was not done in {seconds} seconds.")


def upload(live: LiveServer, clip: Path) -> str:
    """Bring a clip in over the API; return the medium's id."""
    part = (clip.name, clip.read_bytes(), "application/octet-stream")
    return _ask(live, "POST", "/collection/default/upload", fields={"file": part})["id"]


def ask_for_transcript(live: LiveServer, medium: str) -> str:
    """Ask for a new transcript over the API; return the job's id."""
    kind = "video" if medium.startswith("m-") else "audio"
    return _ask(live, "POST", f"/{kind}/{medium}/transcription", json={"force": True, "language_code": "en"})["id"]


_http = urllib3.PoolManager()


def _ask(live: LiveServer, method: str, path: str, **body) -> dict:
    answer = _http.request(method, live.base_url + path, headers={"x-access-token": live.key}, **body).json()
    if not answer.get("success"):
        raise RuntimeError(f"{method} {path}: {answer}")
    return answer["data"]


def _wait_for_web(live: LiveServer) -> None:
    for _ in range(300):
        if live.health()[0]:
            return
        time.sleep(0.1)
    raise RuntimeError("The web server did not start.")
