from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection

from core import append_only
from core.append_only import lifted

pytestmark = pytest.mark.django_db


@pytest.fixture
def journal(monkeypatch):
    """A table whose column `note` alone may change, with one row; and the migration operation that made it so."""
    monkeypatch.setattr(append_only, "_PROTECTED", dict(append_only._PROTECTED))
    run("CREATE TABLE journal (id integer PRIMARY KEY, amount integer, note text)")
    run("INSERT INTO journal VALUES (1, 10, 'first')")
    operation = append_only.append_only("journal", frozen=("id", "amount"))
    operation.code(None, SimpleNamespace(connection=connection))
    return operation


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rows() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, amount, note FROM journal ORDER BY id")
        return cursor.fetchall()


def triggers(table: str) -> set[str]:
    """Return the names of the triggers that the database has on `table`."""
    listing = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass",
    }
    with connection.cursor() as cursor:
        cursor.execute(listing[connection.vendor], [table])
        return {name for (name,) in cursor.fetchall()}


def test_a_row_can_be_added(journal):
    run("INSERT INTO journal VALUES (2, 20, 'second')")

    assert rows() == [(1, 10, "first"), (2, 20, "second")]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal",
        "DELETE FROM journal WHERE id = 1",
        "UPDATE journal SET amount = 11",
        "UPDATE journal SET amount = amount",
        "UPDATE journal SET id = 2",
        "UPDATE journal SET note = 'other', amount = 11",
        "INSERT INTO journal VALUES (1, 11, 'other') ON CONFLICT (id) DO UPDATE SET amount = 11",
    ],
)
def test_a_row_can_neither_change_nor_go(journal, statement):
    with pytest.raises(IntegrityError, match="append-only"):
        run(statement)


def test_a_column_that_is_not_frozen_can_change(journal):
    run("UPDATE journal SET note = 'erased'")

    assert rows() == [(1, 10, "erased")]


def test_a_delete_that_meets_no_row_is_harmless(journal):
    run("DELETE FROM journal WHERE id = 99")

    assert rows() == [(1, 10, "first")]


def test_while_lifted_a_row_can_go(journal):
    with lifted(connection):
        run("DELETE FROM journal")

    assert rows() == []


def test_after_lifting_a_row_stays(journal):
    with lifted(connection):
        pass

    with pytest.raises(IntegrityError, match="append-only"):
        run("DELETE FROM journal")


def test_protection_returns_after_a_fault(journal):
    with pytest.raises(ZeroDivisionError), lifted(connection):
        1 / 0  # noqa: B018

    with pytest.raises(IntegrityError, match="append-only"):
        run("DELETE FROM journal")


def test_the_migration_can_be_undone(journal):
    journal.reverse_code(None, SimpleNamespace(connection=connection))

    run("DELETE FROM journal")
    assert triggers("journal") == set()


@pytest.mark.parametrize("table", ["billing_transfer", "orgs_auditevent"])
def test_after_all_migrations_the_tables_are_protected(table):
    # On SQLite a later migration that alters such a table makes a new one, without its triggers.
    assert {f"{table}_keeps", f"{table}_stays"} <= triggers(table)


def test_no_other_table_counts_on_protection():
    assert set(append_only._PROTECTED) == {"billing_transfer", "orgs_auditevent"}
