"""Chores go on, whatever happens to one of them."""

import threading

import pytest
from django.db import DatabaseError, connection

from config.supervisor import chores
from config.supervisor.chores import Chores, name_of


@pytest.fixture
def run():
    """Run chores in a thread until the last of them has been done twice."""
    threads = []

    def run(*work) -> Chores:
        rounds = threading.Semaphore(0)

        def last() -> int:
            rounds.release()
            return 0

        thread = Chores((*work, last), every_seconds=0.001)
        threads.append(thread)
        thread.start()
        assert rounds.acquire(timeout=10)
        assert rounds.acquire(timeout=10)
        return thread

    yield run
    for thread in threads:
        thread.stop()
        thread.join(10)


def count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orgs_organization")
        return cursor.fetchone()[0]


def lose_connection() -> int:
    connection.ensure_connection()
    connection.connection.close()
    raise DatabaseError("The connection is lost.")


@pytest.mark.parametrize("error", [DatabaseError("no database"), OSError("no disk"), TypeError("a mistake")])
@pytest.mark.django_db(transaction=True)
def test_failing_chore_stops_neither_itself_nor_the_others(run, error):
    calls = []

    def fail() -> int:
        calls.append(1)
        raise error

    thread = run(fail, count)

    assert len(calls) >= 2
    assert thread.done_at[name_of(count)] > thread.done_at[name_of(fail)]


@pytest.mark.django_db(transaction=True)
def test_next_chore_gets_a_connection_that_works(run):
    thread = run(lose_connection, count)

    assert thread.done_at[name_of(count)] > thread.done_at[name_of(lose_connection)]


def test_stopped_chores_end_within_their_pause(run):
    thread = Chores((), every_seconds=1000)
    thread.start()

    thread.stop()
    thread.join(5)

    assert not thread.is_alive()


@pytest.mark.parametrize("chore", chores.RECONCILE + chores.SWEEP, ids=lambda chore: chore.__module__)
@pytest.mark.django_db
def test_chore_finds_nothing_to_do_in_an_empty_installation(chore, settings, tmp_path):
    settings.DATA_DIR = tmp_path

    assert chore() == 0
