"""Find and end the processes of a cluster, whoever their parent is by now.

A process id goes to somebody else once its owner is gone; the environment that a process was started with does not.
So each cluster is started with a mark in its environment, which its forks inherit, and nothing without the mark is
ever signalled. What a mark begins with stands for all that begin so. Reads /proc; see proc(5).
"""

import ctypes
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "POLYSCRIBE_CLUSTER"
"""The variable that carries the mark."""

CAN_SEE = Path("/proc/self/environ").exists()
"""Whether this system shows the environments of processes. Where not, nothing is found and nothing ended."""

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LIBC = ctypes.CDLL(None) if CAN_SEE else None


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int


def carrying(mark: str) -> list[Process]:
    """Return the living processes whose mark begins with `mark`, except this one."""
    if not CAN_SEE:
        return []
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [Process(pid, _parent(pid)) for pid in pids if pid != os.getpid() and _carries(pid, mark)]


def end(mark: str, *, within_seconds: float = 10) -> int:
    """Kill everything whose mark begins with `mark` until nothing is left. Return how many processes that were."""
    ended: set[int] = set()
    deadline = time.monotonic() + within_seconds
    # They may fork while they are being looked for: hence again and again.
    while (found := carrying(mark)) and time.monotonic() < deadline:
        ended |= {process.pid for process in found if _kill(process.pid, mark)}
        time.sleep(0.01)
    return len(ended)


def die_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when its parent dies. For `preexec_fn`."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _carries(pid: int, mark: str) -> bool:
    try:
        # Empty for one that has ended and is not yet waited for.
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # gone meanwhile, or somebody else's
        return False
    wanted = f"{MARK}={mark}".encode()
    return any(variable.startswith(wanted) for variable in environment.split(b"\0"))


def _parent(pid: int) -> int:
    try:
        # The name, second and in parentheses, may contain anything; the state and the parent follow it.
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _kill(pid: int, mark: str) -> bool:
    with suppress(ProcessLookupError):
        # The descriptor stays with the process, so that the number cannot change hands between look and signal.
        process = os.pidfd_open(pid)
        try:
            if _carries(pid, mark):
                signal.pidfd_send_signal(process, signal.SIGKILL)
                return True
        finally:
            os.close(process)
    return False
