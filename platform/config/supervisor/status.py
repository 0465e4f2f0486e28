"""What the supervisor tells others about itself, in a file: the health page reads it, in whatever process it runs."""

import json
import os
import time
from dataclasses import asdict, dataclass

from config.supervisor import folder


@dataclass(frozen=True)
class ClusterStatus:
    pid: int | None
    """Main process, leader of the cluster's process group."""
    is_well: bool
    reason: str
    """Why it is being started again, if it is."""
    workers: int
    free_workers: int
    silent_seconds: float | None
    """Since a worker of this machine last finished a task; None if none did since the start."""
    restarts: int


@dataclass(frozen=True)
class Status:
    """The state of one supervisor. Times are as time.time() has them."""

    at: float
    pid: int
    started_at: float
    clusters: dict[str, ClusterStatus]
    restarts: list[dict]
    """The latest, oldest first: `{"at", "cluster", "reason"}`."""
    chores: dict[str, float]
    """When each chore last succeeded, or else when it was taken up."""

    @property
    def age_seconds(self) -> float:
        return max(0.0, time.time() - self.at)


def write(status: Status) -> None:
    """Keep `status` where `read` finds it; a reader sees all of it or none of it."""
    draft = folder.path(f"status.{os.getpid()}")
    draft.write_text(json.dumps(asdict(status), indent=1))
    draft.replace(folder.path("status.json"))


def read() -> Status | None:
    """Return what the supervisor of this data folder last wrote, or None where there never was one."""
    try:
        fields = json.loads(folder.path("status.json").read_text())
    except FileNotFoundError:
        return None
    clusters = {name: ClusterStatus(**cluster) for name, cluster in fields.pop("clusters").items()}
    return Status(**fields, clusters=clusters)
