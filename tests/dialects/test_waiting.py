"""A poll waits a little, and only so many do."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from django.conf import settings
from django.utils import timezone

from dialects.waiting import until_over


@dataclass
class Work:
    """Over after so many looks."""

    looks: int
    finished_at: datetime | None = None
    seen: threading.Event = field(default_factory=threading.Event)

    def read(self) -> "Work":
        self.seen.set()
        self.looks -= 1
        if self.looks <= 0:
            self.finished_at = timezone.now()
        return self


def test_finished_work_is_returned_at_once():
    started_at = time.monotonic()

    assert until_over(Work(looks=1).read, seconds=5).finished_at is not None
    assert time.monotonic() - started_at < 0.1


def test_work_that_ends_while_somebody_waits_is_returned_finished():
    assert until_over(Work(looks=2).read, seconds=5).finished_at is not None


def test_work_that_goes_on_is_returned_as_it_stands():
    started_at = time.monotonic()

    assert until_over(Work(looks=1000).read, seconds=0.1).finished_at is None
    assert 0.1 <= time.monotonic() - started_at < 0.4


@pytest.fixture
def crowd():
    """As many waiting threads as there are seats, which leave when the test is over."""
    works = [Work(looks=1000) for _ in range(settings.ASYNC_HOLD_SEATS)]
    threads = [threading.Thread(target=until_over, args=[work.read], kwargs={"seconds": 20}) for work in works]
    for thread, work in zip(threads, works, strict=True):
        thread.start()
        work.seen.wait(5)
    yield works
    for work in works:
        work.looks = 0
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("crowd")
def test_who_finds_no_seat_is_answered_at_once():
    started_at = time.monotonic()

    assert until_over(Work(looks=1000).read, seconds=20).finished_at is None
    assert time.monotonic() - started_at < 0.2


def test_seats_are_given_back():
    works = [until_over(Work(looks=2).read, seconds=5) for _ in range(settings.ASYNC_HOLD_SEATS + 1)]

    assert all(work.finished_at for work in works)
