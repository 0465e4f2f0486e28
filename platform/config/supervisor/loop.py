"""The supervisor's life: clear up, start the clusters, watch them, drain."""

import logging
import os
import signal
import time

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from config.cluster import CLUSTERS, WORKERS
from config.supervisor import canary, chores, folder, leases, processes, status
from config.supervisor.chores import Chores
from config.supervisor.ward import Ward
from core import draining

logger = logging.getLogger(__name__)

_TICK_SECONDS = 0.1
_EAGER_SECONDS = 0.5
"""Between two looks while not every cluster is well: others wait for them to come up."""

_PUT_DOWN_SECONDS = 5
"""How long workers get to hand their jobs back before a cluster is killed: they look about once a second."""

_REMEMBERED = 20


class Supervisor:
    """Looks after the clusters of this machine until it is told to stop."""

    def __init__(self) -> None:
        self._wards = [Ward(name) for name in CLUSTERS]
        self._chores = [
            Chores(chores.RECONCILE, every_seconds=settings.RECONCILE_SECONDS),
            Chores(chores.SWEEP, every_seconds=settings.SWEEP_SECONDS),
        ]
        self._started_at = time.time()
        self._restarts: list[dict] = []
        self._stops_asked = 0

    def stop(self) -> None:
        """Drain and return from `run`; asked a second time, without waiting for anybody. For signal handlers."""
        self._stops_asked += 1

    def run(self) -> None:
        """Supervise until `stop` is called. Raises AlreadySupervised."""
        with folder.alone():
            self._clear_up()
            for ward in self._wards:
                ward.start()
            for chore in self._chores:
                chore.start()
            try:
                self._watch()
            finally:
                self._drain()

    def _clear_up(self) -> None:
        """End what a supervisor before this one left running, under whatever names it started it."""
        self._put_down(folder.mark())
        if ended := processes.end(folder.mark()):
            logger.warning("%s processes of an earlier supervisor were still there and are ended.", ended)

    def _watch(self) -> None:
        look_at = 0.0
        while not self._stops_asked:
            for ward in self._wards:
                ward.note_exit()
            if time.monotonic() >= look_at:
                self._look()
                look_at = time.monotonic() + self._pause_seconds()
            for ward in self._wards:
                if ward.reason and ward.may_start_again():
                    self._start_again(ward)
            time.sleep(_TICK_SECONDS)

    def _pause_seconds(self) -> float:
        all_are_well = all(ward.is_well for ward in self._wards)
        return settings.SUPERVISE_SECONDS if all_are_well else min(settings.SUPERVISE_SECONDS, _EAGER_SECONDS)

    def _look(self) -> None:
        close_old_connections()
        try:
            for ward in self._wards:
                ward.look()
        except DatabaseError:
            logger.warning("The database did not answer; the clusters are not judged.", exc_info=True)
            connection.close()
            for ward in self._wards:
                ward.forget()
        self._tell()

    def _start_again(self, ward: Ward) -> None:
        logger.error("Cluster %s is started again: %s.", ward.name, ward.reason)
        self._restarts.append({"at": time.time(), "cluster": ward.name, "reason": ward.reason})
        del self._restarts[:-_REMEMBERED]
        self._put_down(ward.mark)
        ward.start_again()
        self._tell()

    def _put_down(self, mark: str) -> None:
        """Let workers that still can hand back what they do, so that killing them costs no job a try."""
        draining.flag().touch()
        deadline = time.monotonic() + _PUT_DOWN_SECONDS
        try:
            while time.monotonic() < deadline and leases.busy(p.pid for p in processes.carrying(mark)):
                time.sleep(_TICK_SECONDS)
        except DatabaseError:
            logger.warning("The database did not answer; workers are ended as they are.", exc_info=True)
            connection.close()
        finally:
            draining.flag().unlink()

    def _drain(self) -> None:
        logger.info("Draining: work is put down, for at most %s seconds.", settings.DRAIN_SECONDS)
        draining.flag().touch()
        for chore in self._chores:
            chore.stop()
        for ward in self._wards:
            ward.ask_to_stop()
        deadline = time.monotonic() + settings.DRAIN_SECONDS
        while not all(ward.has_ended() for ward in self._wards):
            if time.monotonic() > deadline or self._stops_asked > 1:
                logger.warning("Not everybody has put their work down; the rest is ended.")
                break
            time.sleep(_TICK_SECONDS)
        for ward in self._wards:
            ward.end()
        self._tell()

    def _tell(self) -> None:
        now = time.time()
        clusters = {}
        for ward in self._wards:
            song = canary.last_song(ward.name)
            clusters[ward.name] = status.ClusterStatus(
                pid=ward.pid,
                is_well=ward.is_well and not self._stops_asked,
                reason=ward.reason,
                workers=WORKERS[ward.name],
                free_workers=ward.free_workers,
                silent_seconds=song and round(max(0.0, now - song.at_ns / 1e9), 3),
                restarts=ward.restarts,
            )
        done_at = {name: at for chore in self._chores for name, at in chore.done_at.copy().items()}
        status.write(status.Status(now, os.getpid(), self._started_at, clusters, self._restarts, done_at))


def supervise() -> None:
    """Run a supervisor in this process until SIGTERM, SIGINT or SIGHUP. Raises AlreadySupervised."""
    supervisor = Supervisor()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.stop())
    supervisor.run()
