"""Run calls beside the test, in threads or in processes, each with a database connection of its own."""

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable

from django.db import connection, connections

from core.errors import PolyscribeError

_PATIENCE_SECONDS = 60
_FORK = multiprocessing.get_context("fork")

Outcomes = Counter[str]
"""How many calls ended how: by the name of the error they raised, or "done"."""


def in_threads(calls: list[Callable[[], object]]) -> Outcomes:
    """Run each call in a thread of its own, all released together."""
    start, outcomes = threading.Barrier(len(calls)), []
    threads = [threading.Thread(target=_take_part, args=(call, start, outcomes.append)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE_SECONDS)
    return Counter(outcomes)


def in_processes(calls: list[Callable[[], object]]) -> Outcomes:
    """Run each call in a process of its own, all released together."""
    connections.close_all()  # a fork must not inherit an open one
    start, outcomes = _FORK.Barrier(len(calls)), _FORK.SimpleQueue()
    processes = [_FORK.Process(target=_take_part, args=(call, start, outcomes.put)) for call in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join(_PATIENCE_SECONDS)
    found = []
    while not outcomes.empty():
        found.append(outcomes.get())
    return Counter(found)


def killed_after(statements: int, call: Callable[[], object]) -> bool:
    """Run `call` in a process that is killed after so many SQL statements. Return whether it came that far."""
    connections.close_all()
    process = _FORK.Process(target=_run_until, args=(statements, call))
    process.start()
    process.join(_PATIENCE_SECONDS)
    return process.exitcode == -signal.SIGKILL


def _run_until(statements: int, call: Callable[[], object]) -> None:
    connection.ensure_connection()
    left = statements

    def count(execute, *statement):
        nonlocal left
        result = execute(*statement)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    with connection.execute_wrapper(count):
        call()


def _take_part(call: Callable[[], object], start, report: Callable[[str], object]) -> None:
    outcome = "crashed"
    try:
        start.wait(_PATIENCE_SECONDS)
        call()
        outcome = "done"
    except PolyscribeError as refusal:
        outcome = type(refusal).__name__
    finally:
        report(outcome)
        connections.close_all()
