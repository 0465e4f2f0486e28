"""Looking at the child processes of this one, as Linux shows them under /proc."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

LINUX = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs the /proc of Linux")


def children(pid: int | str = "self") -> set[int]:
    """Return the ids of all living children of a process, whichever of its threads started them."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for found in lists for child in found.read_text().split() if _lives(int(child))}


def _lives(pid: int) -> bool:
    # One that has ended and is not waited for yet, perhaps of another test, has no memory any more.
    try:
        return b"VmRSS:" in about(pid, "status")
    except OSError:
        return False


def about(pid: int, what: str) -> bytes:
    """Return what /proc says about a process."""
    return Path(f"/proc/{pid}/{what}").read_bytes()


def peak_kilobytes(pid: int) -> int:
    """Return the most memory that a process has held."""
    return int(re.search(rb"VmHWM:\s+(\d+) kB", about(pid, "status"))[1])


def wait_until(come_true: Callable[[], object], *, seconds: float = 10) -> None:
    """Look again and again; for what nobody announces, such as the end of a process that is not our child."""
    deadline = time.monotonic() + seconds
    while not come_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true in {seconds} s")
        time.sleep(0.01)
