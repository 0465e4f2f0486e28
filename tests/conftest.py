"""Two tenants in every test, and databases that can be emptied."""

import pytest
from django.db.backends.base.operations import BaseDatabaseOperations

from core.append_only import lifted
from tests import factories


@pytest.fixture(scope="session", autouse=True)
def _append_only_tables_can_be_emptied():
    """Let Django's flush between transactional tests empty the tables that a service cannot."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self, sql_list):
        with lifted(self.connection):
            flush(self, sql_list)

    BaseDatabaseOperations.execute_sql_flush = execute_sql_flush
    yield
    BaseDatabaseOperations.execute_sql_flush = flush


@pytest.fixture
def acme(db):
    """The organization that acts."""
    return factories.organization("Acme")


@pytest.fixture
def globex(db):
    """The other tenant, who must see nothing of acme's."""
    return factories.organization("Globex")
