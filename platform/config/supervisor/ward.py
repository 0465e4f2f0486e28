"""One cluster of this machine: its processes, and what is known of how it does."""

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from django.conf import settings

from config import env
from config.cluster import WORKERS
from config.supervisor import canary, folder, leases, processes
from config.supervisor.watch import Sight, Watch

logger = logging.getLogger(__name__)

_BOOT_SECONDS = 60
"""A cluster that has not all its processes after this long is started again."""

_LONGEST_PAUSE_SECONDS = 10
_HELPERS = 2  # the sentinel's children beside the workers: monitor and pusher


class Ward:
    """A `qcluster` in a session of its own, started again whenever it fails.

    `reason` says why it must be started again, and is empty while all is well.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.restarts = 0
        self.free_workers = 0
        self.reason = ""
        self.mark = f"{folder.mark()}{name}/"
        self._process: subprocess.Popen | None = None
        self._started_at = 0.0
        self._vain_starts = 0
        self._watch = self._new_watch()

    @property
    def pid(self) -> int | None:
        """The process id of the main process, which is the id of its group and session too."""
        return self._process and self._process.pid

    @property
    def is_well(self) -> bool:
        """Whether it was heard of since its start, and nothing speaks against it."""
        return (self._watch.is_up or not processes.CAN_SEE) and not self.reason

    def start(self) -> None:
        """Start the cluster; a few hundred milliseconds later it takes work."""
        canary.forget(self.name)
        self._process = subprocess.Popen(
            [sys.executable, str(env.ROOT / "manage.py"), "qcluster"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started_at = time.monotonic()
        self._watch = self._new_watch()
        self.reason = ""
        logger.info("Cluster %s: started as process %s.", self.name, self._process.pid)

    def note_exit(self) -> None:
        """Notice when the main process has gone. It may leave with exit code 0 and orphans that go on."""
        if not self.reason and self._process and self._process.poll() is not None:
            self.reason = "its main process ended"

    def look(self) -> None:
        """See how the cluster does, and send a canary where that is the only way to know. Raises DatabaseError."""
        now = time.monotonic()
        if self.reason or not processes.CAN_SEE:
            return
        self.reason = self._watch.verdict(self._sight(), now)
        if not self._watch.is_born and now - self._started_at > _BOOT_SECONDS:
            self.reason = "it did not come up"
        if self._watch.wants_canary(now):
            canary.release(self.name)
        if self._watch.is_up:
            self._vain_starts = 0

    def forget(self) -> None:
        """Begin to watch anew, after a time in which nothing could be seen."""
        self._watch.forget()

    def may_start_again(self) -> bool:
        """Return whether enough time has passed: none for a cluster that was up, more and more after vain starts."""
        pause = min(2**self._vain_starts - 1, _LONGEST_PAUSE_SECONDS)
        return time.monotonic() - self._started_at >= pause

    def start_again(self) -> None:
        """End whatever is left of the cluster and start it."""
        self.end()
        self.restarts += 1
        self._vain_starts += 1
        self.start()

    def ask_to_stop(self) -> None:
        """Have the cluster finish what runs and leave."""
        if self._process and self._process.poll() is None:
            # Only the main process: the others would die at once, and leave it waiting for them.
            self._process.send_signal(signal.SIGTERM)

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def end(self) -> None:
        """Kill the cluster, orphans and those of an earlier supervisor included."""
        if self._process and self._process.poll() is None:
            # It is not waited for yet, so the number of its group is still its own.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        ended = processes.end(self.mark)
        if self._process:
            self._process.wait()
        if ended:
            logger.warning("Cluster %s: %s processes were ended.", self.name, ended)

    def _sight(self) -> Sight:
        family = processes.carrying(self.mark)
        sentinels = {process.pid for process in family if process.parent == self.pid}
        children = tuple(sorted(process.pid for process in family if process.parent in sentinels))
        song = canary.last_song(self.name)
        self.free_workers = max(0, WORKERS[self.name] - leases.busy(children))
        return Sight(
            processes=children,
            is_whole=len(children) >= WORKERS[self.name] + _HELPERS,
            has_free_workers=self.free_workers > 0,
            song=song and song.at_ns,
            unacknowledged=leases.still_queued([self._watch.unacknowledged, song and song.message]),
            starved=leases.last_claim(self.name),
        )

    def _new_watch(self) -> Watch:
        return Watch(
            patience_seconds=settings.CANARY_SECONDS,
            starving_seconds=max(settings.CANARY_SECONDS, 2 * settings.JOB_LEASE_SECONDS),
        )

    def _environment(self) -> dict[str, str]:
        limits = {
            # OpenMP's threads spin while they wait, and starve each other wherever another process is busy.
            "OMP_WAIT_POLICY": "passive",
            "OMP_NUM_THREADS": str(settings.WHISPER_THREADS),
            "OPENBLAS_NUM_THREADS": "1",
        }
        return {**limits, **os.environ, "Q_CLUSTER_NAME": self.name, processes.MARK: self.mark}
