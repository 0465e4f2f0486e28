"""The real thing for tests: web server, supervisor and clusters as processes, on a folder and a database of their own.

    with running(tmp_path, TRANSCRIBE_WORKERS=2) as live:
        live.base_url, live.key, live.org, live.collection
        live.kill_worker("transcribe")

The database is of the kind that the test run itself is on, unless `database` says "sqlite" or "postgres". Nothing that
was started outlives the block, nor the test run: the kernel sees to that.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from config.supervisor.processes import die_with_parent
from tests.installations import ROOT, Installation, installed, manage


@dataclass(frozen=True)
class Family:
    """The processes of one cluster, as they were started."""

    main: int
    sentinel: int
    workers: tuple[int, ...]
    monitor: int
    pusher: int


class LiveServer:
    """One installation. `org`, `collection` and `key` belong to the organization Acme, which has a million synapses."""

    def __init__(self, installation: Installation, env: dict[str, Any]) -> None:
        self.installation = installation
        self.data_dir = installation.data_dir
        self.org, self.collection, self.key = (installation.made[name] for name in ("org", "collection", "key"))
        self.port = _free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        changes = {name: str(value) for name, value in env.items()}
        self.env = installation.env | {"PORT": str(self.port)} | changes
        self.web: subprocess.Popen | None = None
        self.supervisor: subprocess.Popen | None = None

    # Starting

    def start_web(self) -> None:
        self.web = self.start("web")

    def start_supervisor(self) -> None:
        self.supervisor = self.start("cluster")

    def start(self, *command: str) -> subprocess.Popen:
        """Start a management command that goes on, in a group of its own; it ends with the block."""
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *command],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def manage(self, *command: str, **env: Any) -> str:
        """Run a management command to its end and return what it prints. It takes about a second."""
        return manage(self.env | {name: str(value) for name, value in env.items()}, *command)

    def transcribe(self, *paths: Path) -> list[str]:
        """Add English recordings to Acme and ask for their transcripts; return the ids of the jobs."""
        wishes = ["--org", self.org, "--language", "en", "--transcribe"]
        answer = self.manage("add_media", *map(str, paths), *wishes)
        return [json.loads(line)["transcription"] for line in answer.splitlines() if line.startswith("{")]

    # Seeing

    def status(self) -> dict[str, Any]:
        """Return what the supervisor last wrote."""
        return json.loads((self.data_dir / "cluster" / "status.json").read_text())

    def reasons(self, cluster: str) -> list[str]:
        """Return why the present supervisor has started `cluster` anew, oldest first."""
        return [restart["reason"] for restart in self.status()["restarts"] if restart["cluster"] == cluster]

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        """Ask for a page, on a connection of its own: a server that stops waits a while for those that are kept."""
        headers = {"Connection": "close"}
        return urllib3.request("GET", self.base_url + path, headers=headers, retries=False, timeout=30)

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return status and body of /health/ready; 0 and nothing while nobody answers."""
        try:
            answer = self.get("/health/ready")
        except urllib3.exceptions.HTTPError:
            return 0, {}
        return answer.status, answer.json()

    def rows(self, query: str, *values: Any) -> list[tuple]:
        """Ask the database; `query` has %s for each of `values`."""
        return self.installation.rows(query, *values)

    def checkpoints(self) -> set[tuple[int, int]]:
        """Return number and key of every block that was heard so far, of all jobs that are not over."""
        return set(self.rows('SELECT "index", id FROM transcription_checkpoint'))

    def family(self, cluster: str) -> Family:
        """Return the processes of a cluster whose children have not been replaced yet."""
        main = self.status()["clusters"][cluster]["pid"]
        (sentinel,) = children_of(main)
        *workers, monitor, pusher = children_of(sentinel)
        return Family(main, sentinel, tuple(workers), monitor, pusher)

    @property
    def log(self) -> str:
        """What all processes have written so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def _log(self) -> Path:
        return self.data_dir / "live.log"

    # Killing

    def kill_worker(self, cluster: str = "transcribe") -> int:
        """kill -9 the first worker of a cluster; return its process id."""
        pid = self.family(cluster).workers[0]
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_cluster(self, cluster: str = "transcribe") -> None:
        """kill -9 all processes of a cluster."""
        os.killpg(self.status()["clusters"][cluster]["pid"], signal.SIGKILL)

    def kill_supervisor(self) -> None:
        """kill -9 the supervisor; its clusters go on as orphans."""
        self.supervisor.kill()
        self.supervisor.wait()

    def restart_supervisor(self) -> None:
        """kill -9 the supervisor, start another and wait until its clusters work."""
        self.kill_supervisor()
        self.start_supervisor()
        self.wait_until_working()

    # Waiting

    def wait_until_ready(self, seconds: float = 40) -> None:
        wait_until(lambda: self.health()[0] == 200, f"the server is ready: {self.health()[1]}", seconds=seconds)

    def wait_until_working(self, seconds: float = 40) -> None:
        """Wait until the present supervisor finds all its clusters well."""
        wait_until(self._all_are_well, "all clusters are well", seconds=seconds)

    def wait_for_jobs(self, *, seconds: float = 60) -> dict[str, str]:
        """Wait until every job is over; return the states by id."""
        wait_until(lambda: not self._states("queued", "processing"), "all jobs are over", seconds=seconds)
        return self._states("completed", "failed", "cancelled")

    def _states(self, *states: str) -> dict[str, str]:
        rows = self.rows("SELECT public_id, state FROM transcription_transcription")
        return {job: state for job, state in rows if state in states}

    def _all_are_well(self) -> bool:
        if self.supervisor.poll() is not None:
            pytest.fail(f"The supervisor ended with exit code {self.supervisor.returncode}.")
        with suppress(FileNotFoundError):
            status = self.status()
            return status["pid"] == self.supervisor.pid and all(
                cluster["is_well"] for cluster in status["clusters"].values()
            )
        return False

    def end(self) -> None:
        """kill -9 whatever belongs to this data folder, by process group."""
        while pids := processes_of(self.data_dir):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.killpg(os.getpgid(pid), signal.SIGKILL)
            time.sleep(0.01)
        for child in filter(None, (self.web, self.supervisor)):
            child.wait()


@contextmanager
def running(
    data_dir: Path, *, database: str | None = None, web: bool = True, cluster: bool = True, **env: Any
) -> Iterator[LiveServer]:
    """Run an installation in the empty folder `data_dir`; `env` are further variables of its environment."""
    with prepared(data_dir, database=database, **env) as live:
        if web:
            live.start_web()
        if cluster:
            live.start_supervisor()
            live.wait_until_working()
        if web and cluster:
            live.wait_until_ready()
        yield live


@contextmanager
def prepared(data_dir: Path, *, database: str | None = None, **env: Any) -> Iterator[LiveServer]:
    """Set an installation up and start nothing; end in any case what the block starts, and show its log if it fails."""
    with installed(data_dir, database=database) as installation:
        live = LiveServer(installation, env)
        try:
            yield live
        except BaseException:
            sys.stderr.write(f"--- the end of {live.data_dir}'s log ---\n{live.log[-8000:]}\n")
            raise
        finally:
            live.end()


def long_recording(folder: Path, *, seconds: int) -> Path:
    """Write a WAV file of speech at least so long: the short clip again and again."""
    path = folder / f"{seconds}.wav"
    with wave.open(str(ROOT / "tests" / "speech" / "short.wav")) as clip, wave.open(str(path), "wb") as recording:
        recording.setparams(clip.getparams())
        frames = clip.readframes(clip.getnframes())
        for _ in range(1 + seconds * clip.getframerate() // clip.getnframes()):
            recording.writeframes(frames)
    return path


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """A running installation, for modules that import this name."""
    with running(tmp_path) as server:
        yield server


def wait_until(condition: Callable[[], Any], what: str, *, seconds: float = 20) -> None:
    """Look again and again until `condition` holds; fail, naming `what`, when it has not after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Waited {seconds} seconds in vain until {what}.")
        time.sleep(0.05)


def processes_of(data_dir: Path) -> list[int]:
    """Return all processes whose environment names this folder."""
    wanted = f"DATA_DIR={data_dir}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def children_of(pid: int) -> list[int]:
    """Return the living children of a process, in the order in which they were started."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if entry.name.isdecimal() and int(fields[1]) == pid and fields[0] != "Z":
                found.append((int(fields[19]), int(entry.name)))
    return [child for _, child in sorted(found)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
