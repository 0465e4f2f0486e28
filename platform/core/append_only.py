"""Tables whose rows may be added but neither changed nor removed, kept so by triggers in the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import migrations

_PROTECTED: dict[str, tuple[str, ...]] = {}
"""Table to its frozen columns, as far as migrations have been loaded: what `lifted` puts back."""


def append_only(table: str, *, frozen: tuple[str, ...]) -> migrations.RunPython:
    """Return a migration operation that refuses DELETE and TRUNCATE on `table`, and UPDATE of its `frozen` columns.

    Columns left out of `frozen` (who did it, a memo) may be overwritten when a person is erased.
    """
    _PROTECTED[table] = frozen
    return migrations.RunPython(
        lambda apps, editor: _protect(editor.connection, table, frozen),
        lambda apps, editor: _expose(editor.connection, table),
    )


@contextmanager
def lifted(connection) -> Iterator[None]:
    """Take the triggers away for the block: for emptying a test database, never for a service."""
    present = set(connection.introspection.table_names())
    tables = {table: frozen for table, frozen in _PROTECTED.items() if table in present}
    for table in tables:
        _expose(connection, table)
    try:
        yield
    finally:
        for table, frozen in tables.items():
            _protect(connection, table, frozen)


def _protect(connection, table: str, frozen: tuple[str, ...]) -> None:
    columns = ", ".join(f'"{column}"' for column in frozen)
    body = "BEGIN SELECT RAISE(ABORT, 'rows of this table are append-only'); END"
    if connection.vendor == "postgresql":
        _execute(
            connection,
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'rows of this table are append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        )
        _execute(
            connection,
            f'CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        )
        body = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    _execute(connection, f'CREATE TRIGGER {table}_keeps BEFORE DELETE ON "{table}" {body}')
    _execute(connection, f'CREATE TRIGGER {table}_stays BEFORE UPDATE OF {columns} ON "{table}" {body}')


def _expose(connection, table: str) -> None:
    on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    for name in (f"{table}_keeps", f"{table}_stays", f"{table}_whole"):
        _execute(connection, f"DROP TRIGGER IF EXISTS {name}{on}")


def _execute(connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
