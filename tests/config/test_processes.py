"""Finding and ending marked processes, on processes of no consequence."""

import os
import subprocess
import sys
import uuid
from contextlib import suppress

import pytest

from config.supervisor import processes
from config.supervisor.processes import Process
from tests.live import wait_until


@pytest.fixture
def mark():
    """A mark of this test's own."""
    return f"{uuid.uuid4().hex}/"


@pytest.fixture
def start():
    """Start a Python program under a mark; whatever is left of it is ended after the test."""
    marks, children = set(), []

    def start(program: str, mark: str) -> subprocess.Popen:
        marks.add(mark)
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", program],
            env={processes.MARK: mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        children.append(child)
        assert child.stdout.readline() == "ready\n"
        return child

    yield start
    for mark in marks:
        processes.end(mark)
    for child in children:
        with suppress(ProcessLookupError):
            child.kill()
        child.communicate()


WAIT = "print('ready', flush=True); input()"
FORK_AND_WAIT = "import os; os.fork(); print('ready', flush=True); __import__('time').sleep(60)"
LEAVE_AN_ORPHAN = """
import os, time
if os.fork():
    print("ready", flush=True)
    os._exit(0)
os.setsid()
time.sleep(60)
"""
HAND_OVER_AND_OVER = """
import os, time
print("ready", flush=True)
while True:
    time.sleep(0.05)
    if os.fork():
        os._exit(0)
"""


def test_marked_process_is_found_with_its_parent(start, mark):
    child = start(WAIT, mark)

    assert processes.carrying(mark) == [Process(child.pid, os.getpid())]


def test_forks_carry_the_mark_too(start, mark):
    child = start(FORK_AND_WAIT, mark)

    assert sorted(process.parent for process in processes.carrying(mark)) == sorted([os.getpid(), child.pid])


def test_what_a_mark_begins_with_stands_for_it(start, mark):
    child = start(WAIT, mark + "io/")

    assert [process.pid for process in processes.carrying(mark)] == [child.pid]


def test_longer_name_is_another_cluster(start, mark):
    start(WAIT, mark + "io-2/")

    assert processes.carrying(mark + "io/") == []


def test_ended_processes_are_gone(start, mark):
    child = start(FORK_AND_WAIT, mark)

    ended = processes.end(mark)

    assert ended == 2
    assert processes.carrying(mark) == []
    assert child.wait(5) == -9


def test_orphan_in_a_session_of_its_own_is_ended(start, mark):
    child = start(LEAVE_AN_ORPHAN, mark)
    child.wait(5)

    assert processes.end(mark) == 1
    assert processes.carrying(mark) == []


def test_processes_that_hand_over_by_forking_are_ended(start, mark):
    start(HAND_OVER_AND_OVER, mark)

    processes.end(mark)

    assert processes.carrying(mark) == []


def test_process_without_the_mark_is_left_alone(start, mark):
    other = start(WAIT, f"{uuid.uuid4().hex}/")
    start(WAIT, mark)

    processes.end(mark)

    assert other.poll() is None


def test_ended_process_that_nobody_has_waited_for_is_not_found(start, mark):
    child = start(WAIT, mark)
    child.kill()

    wait_until(lambda: not processes.carrying(mark), "the process has ended")

    assert processes.end(mark) == 0


def test_nothing_is_ended_where_nothing_is_marked(mark):
    assert processes.end(mark) == 0
