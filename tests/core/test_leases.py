"""Leases run by the database's clock, alike on every engine."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from core.leases import Leased, in_seconds, may_start, this_worker
from media.collections import default_collection
from media.models import Fetch

SPANS = [-365 * 86_400, -60, -0.5, 0, 0.25, 60, 90_000, 365 * 86_400]


@pytest.fixture
def row(acme) -> Leased:
    """A row that is worked on under a lease; any would do."""
    return Fetch.objects.create(org=acme, collection=default_collection(acme), url="http://127.0.0.1/")


@pytest.mark.parametrize("seconds", SPANS)
def test_a_span_is_counted_from_now(seconds, row):
    before = timezone.now()

    Fetch.objects.update(lease_until=in_seconds(seconds))

    row.refresh_from_db()
    assert abs(row.lease_until - before - timedelta(seconds=seconds)) < timedelta(seconds=5)


@pytest.mark.parametrize("seconds", SPANS)
def test_a_span_is_exact(seconds, row):
    Fetch.objects.update(lease_until=in_seconds(seconds), not_before=in_seconds(0))

    row.refresh_from_db()
    assert abs(row.lease_until - row.not_before - timedelta(seconds=seconds)) < timedelta(milliseconds=10)


@pytest.mark.parametrize(("seconds", "is_over"), [(-60, True), (-0.05, True), (60, False), (5, False)])
def test_the_end_of_a_lease_is_seen_by_the_same_clock(seconds, is_over, row):
    Fetch.objects.update(lease_until=in_seconds(seconds))

    assert Fetch.objects.filter(lease_until__lt=Now()).exists() == is_over


@pytest.mark.parametrize(("seconds", "is_over"), [(-60, True), (60, False)])
def test_a_moment_from_outside_compares_with_the_databases(seconds, is_over, row):
    Fetch.objects.update(lease_until=timezone.now() + timedelta(seconds=seconds))

    assert Fetch.objects.filter(lease_until__lt=Now()).exists() == is_over


def test_a_span_can_stand_in_a_condition(row):
    Fetch.objects.update(rung_at=in_seconds(-90))

    assert Fetch.objects.filter(rung_at__lt=in_seconds(-60)).exists()
    assert not Fetch.objects.filter(rung_at__lt=in_seconds(-120)).exists()


def test_the_clock_of_this_machine_does_not_matter(row, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(1999, 1, 1, tzinfo=UTC))

    Fetch.objects.update(lease_until=in_seconds(60))

    row.refresh_from_db()
    assert row.lease_until.year > 1999


@pytest.mark.parametrize(("not_before", "starts"), [(None, True), (-60, True), (-0.05, True), (60, False)])
def test_a_row_may_start_when_its_pause_is_over(not_before, starts, row):
    Fetch.objects.update(not_before=None if not_before is None else in_seconds(not_before))

    assert Fetch.objects.filter(may_start()).exists() == starts


def test_a_claim_is_made_once(row):
    waiting = Fetch.objects.filter(may_start(), state="queued")

    claims = [waiting.update(state="processing", attempt=F("attempt") + 1) for _ in range(2)]

    row.refresh_from_db()
    assert (claims, row.attempt) == ([1, 0], 1)


def test_a_worker_is_called_by_its_host_and_process():
    assert this_worker() == f"{os.uname().nodename}:{os.getpid()}"


def test_a_workers_name_finds_room(row):
    longest = "h" * 64 + ":4194304"  # HOST_NAME_MAX, and the greatest process id of Linux

    Fetch.objects.update(worker=longest)

    row.refresh_from_db()
    assert row.worker == longest
