"""One child process for one task on one hostile file: started, watched, and always ended."""

import importlib.util
import json
import logging
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import Unavailable
from media.errors import Damaged, SandboxTimeout

logger = logging.getLogger(__name__)

MEMORY_BYTES = 2 << 30
"""Address space of the child. libav and Python take 130 MB of it before they see the file."""

WATCH_SECONDS = 0.5
"""How often the caller hears of a child at work and may stop it."""

MAIN = Path(__file__).resolve().parent / "child" / "main.py"
"""The program that a child runs."""

_READY = b"ready\n"
_ANSWER_BYTES = 1 << 14
# Where the child finds libav's bindings: it starts without site-packages, so that it cannot find the product.
_PACKAGES = Path(importlib.util.find_spec("av").origin).resolve().parents[1]


def run(
    task: str,
    *,
    arguments: dict[str, Any],
    descriptors: tuple[int, ...] = (),
    output_bytes: int = 0,
    timeout_seconds: float,
    watch: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Have a child do `task` of `child/main.py` and return its answer, a JSON object that is not to be trusted.

    `descriptors` are the open files that the child may use, under the numbers they have here; there is no other way
    for it to a file. It may write `output_bytes` to each. `watch` is called every WATCH_SECONDS, from the start on;
    what it raises ends the child and comes out here.

    Safe in threads and in daemonic processes. Raises SandboxTimeout after `timeout_seconds`; Damaged where the child
    gives no answer, since a decoder's crash is the file's doing; and core.errors.Unavailable where the child ends
    before it has seen the file, which is ours.
    """
    request = {
        "task": task,
        "arguments": arguments,
        "parent": os.getpid(),
        "packages": str(_PACKAGES),
        "limits": {
            "memory_bytes": MEMORY_BYTES,
            "cpu_seconds": math.ceil(timeout_seconds) + 1,
            "output_bytes": output_bytes,
        },
    }
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", str(MAIN), json.dumps(request)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        pass_fds=descriptors,
        start_new_session=True,
    )
    try:
        said = _words_from(child.stdout.fileno(), time.monotonic() + timeout_seconds, watch)
    finally:
        _end(child)
    if not said.startswith(_READY):
        logger.error("A media child could not start: task %s, exit status %s.", task, child.returncode)
        raise Unavailable("Files cannot be read at the moment. Try again later.")
    with suppress(RecursionError, ValueError):
        answer = json.loads(said.removeprefix(_READY), parse_constant=_refuse_constant)
        if isinstance(answer, dict):
            return answer
    logger.warning("A media child gave no answer: task %s, exit status %s.", task, child.returncode)
    raise Damaged


def _words_from(pipe: int, deadline: float, watch: Callable[[], None]) -> bytes:
    """Collect what the child says until it ends, or until it has said more than an honest answer needs."""
    ready = select.poll()
    ready.register(pipe, select.POLLIN)
    said = b""
    while len(said) <= _ANSWER_BYTES:
        watch()
        left = deadline - time.monotonic()
        if left <= 0:
            raise SandboxTimeout
        if not ready.poll(1000 * min(left, WATCH_SECONDS)):
            continue
        piece = os.read(pipe, _ANSWER_BYTES)
        if not piece:
            break
        said += piece
    return said


def _end(child: subprocess.Popen) -> None:
    # Nobody has waited for the child yet, so its number still belongs to it and its group.
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
