"""Judge, from what is seen of a cluster time and again, whether it must be started anew."""

import math
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sight:
    """What one look at a cluster shows."""

    processes: tuple[int, ...]
    """The sentinel's children: workers, monitor, pusher."""
    is_whole: bool
    """Whether that is all of them."""
    has_free_workers: bool
    """Whether fewer of them hold a lease than there are workers."""
    song: Hashable
    """Changes whenever a worker of this machine finishes a task; None before the first."""
    unacknowledged: int | None
    """A message that is still in the queue although its task was finished."""
    starved: Hashable
    """None unless jobs wait; else something that changes whenever any is claimed."""


@dataclass
class Stretch:
    """For how long something has been the same, without a break."""

    thing: Hashable = None
    since: float = 0

    def seconds(self, thing: Hashable, now: float) -> float:
        """Note `thing` and return since when it has been so; None is never so."""
        if thing is None or thing != self.thing:
            self.thing, self.since = thing, now
        return now - self.since


@dataclass
class Watch:
    """One cluster since its start. Times are in seconds on any one clock that never goes back.

    A look that fails, because the database is away, must be followed by `forget`: what was not seen does not count.
    """

    patience_seconds: float
    starving_seconds: float
    """The patience with jobs that wait although workers are free: longer than reconcilers need to ring again."""
    is_born: bool = False
    """Whether all processes have been there once; until then nothing is expected of them."""
    is_up: bool = False
    """Whether one of them was heard of since, by a song or by work."""
    _incomplete: Stretch = field(default_factory=Stretch)
    _silent: Stretch = field(default_factory=Stretch)
    _unacknowledged: Stretch = field(default_factory=Stretch)
    _starved: Stretch = field(default_factory=Stretch)
    _canary_at: float = -math.inf

    @property
    def unacknowledged(self) -> int | None:
        """The message that has been waited for so far, if any."""
        return self._unacknowledged.thing

    def verdict(self, sight: Sight, now: float) -> str:
        """Return in a few words why the cluster must be started anew, or an empty text."""
        self.is_born = self.is_born or sight.is_whole
        if not self.is_born:
            return ""
        free = sight.has_free_workers
        self.is_up = self.is_up or not free or sight.song is not None
        # A cluster that has not sung yet is silent too, hence the tuple: None would mean that all is well.
        stretches = [
            (self._incomplete, None if sight.is_whole else sight.processes, "processes are missing"),
            (self._silent, ("song", sight.song) if free else None, "free workers do not answer"),
            (self._unacknowledged, sight.unacknowledged, "finished tasks are not acknowledged"),
            (self._starved, sight.starved if free else None, "jobs wait although workers are free"),
        ]
        verdict = ""
        for stretch, thing, reason in stretches:
            limit = self.starving_seconds if stretch is self._starved else self.patience_seconds
            if stretch.seconds(thing, now) > limit:
                verdict = verdict or reason
        return verdict

    def wants_canary(self, now: float) -> bool:
        """Return whether a canary should be sent now: one at birth, a few while free workers are silent for a while."""
        if self._silent.thing is None:
            return False
        pause = self.patience_seconds / 4
        heard_of_at = self._silent.since if self.is_up else -math.inf
        if now - max(heard_of_at, self._canary_at) < pause:
            return False
        self._canary_at = now
        return True

    def forget(self) -> None:
        """Begin every stretch anew."""
        for stretch in (self._incomplete, self._silent, self._unacknowledged, self._starved):
            stretch.thing = None
