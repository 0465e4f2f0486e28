"""Installations for live tests: a data folder and a migrated database with one organization, and nothing running.

The first in a test run makes a template, each further one a copy.
"""

import atexit
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
_POSTGRES = "postgres://postgres@127.0.0.1:5432"
_ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": "live-tests-only-" + "s" * 50,
    "KEY_PEPPER": "live-tests-only-" + "p" * 50,
    "ENCRYPTION_KEY": "bGl2ZS10ZXN0cy1vbmx5LWxpdmUtdGVzdHMtb25seSE=",
    "HOST": "127.0.0.1",
    "WEB_WORKERS": "1",
    "OUTBOUND_ALLOW": "127.0.0.0/8",
    "WHISPER_THREADS": "1",
    "JOB_LEASE_SECONDS": "3",
    "JOB_RETRY_SECONDS": "0.2",
    "RECONCILE_SECONDS": "0.5",
    "SUPERVISE_SECONDS": "0.3",
    "CANARY_SECONDS": "10",
    "DRAIN_SECONDS": "10",
    "QUEUE_POLL_SECONDS": "0.05",
    "HEALTH_FREE_BYTES": "0",
}
_PASSED_ON = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Installation:
    """Where everything is. `made` has the `org`, `collection` and `key` of Acme, which has a million synapses."""

    data_dir: Path
    database_url: str
    made: dict[str, str]

    @property
    def env(self) -> dict[str, str]:
        """The environment of its processes."""
        return _environment(self.data_dir, self.database_url)

    def rows(self, query: str, *values: Any) -> list[tuple]:
        """Ask the database; `query` has %s for each of `values`."""
        if self.database_url.startswith("sqlite"):
            path = self.database_url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, timeout=20)) as connection:
                return connection.execute(query.replace("%s", "?"), values).fetchall()
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()


@contextmanager
def installed(data_dir: Path, *, database: str | None = None) -> Iterator[Installation]:
    """Set up an installation in the empty folder `data_dir`, on "sqlite" or "postgres"; None: like this test run."""
    template = _template(database or kind_of_this_run())
    with _copied(template, data_dir) as database_url:
        yield Installation(data_dir, database_url, template.made)


def manage(env: dict[str, str], *command: str) -> str:
    """Run a management command to its end and return what it prints."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command], env=env, capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {command[0]} failed:\n{done.stderr[-4000:]}")
    return done.stdout


@dataclass(frozen=True)
class _Template:
    """A migrated database with one organization."""

    folder: Path
    postgres: str | None
    made: dict[str, str]


@cache
def _template(database: str) -> _Template:
    folder = Path(tempfile.mkdtemp(prefix="polyscribe-live-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = f"polyscribe_live_{os.getpid()}" if database == "postgres" else None
    if name:
        administer(f"CREATE DATABASE {name}")
        atexit.register(administer, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    env = _environment(folder, _database_url(folder, name))
    manage(env, "migrate", "--verbosity", "0")
    made = manage(env, "create_org", "Acme", "--owner", "owner@acme.example", "--synapses", "1000000", "--json")
    return _Template(folder, name, json.loads(made))


@contextmanager
def _copied(template: _Template, data_dir: Path) -> Iterator[str]:
    if template.postgres is None:
        source = sqlite3.connect(template.folder / "polyscribe.sqlite3")
        target = sqlite3.connect(data_dir / "polyscribe.sqlite3")
        with closing(source), closing(target):
            source.backup(target)
        yield _database_url(data_dir, None)
        return
    name = f"{template.postgres}_{time.monotonic_ns()}"
    administer(f"CREATE DATABASE {name} TEMPLATE {template.postgres}")
    try:
        yield _database_url(data_dir, name)
    finally:
        administer(f"DROP DATABASE {name} WITH (FORCE)")


def kind_of_this_run() -> str:
    """Return "postgres" or "sqlite"."""
    return "postgres" if settings.DATABASES["default"]["ENGINE"].endswith("postgresql") else "sqlite"


def _postgres() -> str:
    """Return the address of the server without a database: the test run's own, or the one on this machine."""
    url = urlsplit(os.environ.get("DATABASE_URL", ""))
    return f"{url.scheme}://{url.netloc}" if url.scheme.startswith("postgres") else _POSTGRES


def administer(statement: str) -> None:
    """Do something to the PostgreSQL server itself."""
    with psycopg.connect(f"{_postgres()}/postgres", autocommit=True) as connection:
        connection.execute(statement)


def _database_url(folder: Path, postgres: str | None) -> str:
    return f"{_postgres()}/{postgres}" if postgres else f"sqlite:///{folder / 'polyscribe.sqlite3'}"


def _environment(data_dir: Path, database_url: str) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | _ENVIRONMENT | {"DATA_DIR": str(data_dir), "DATABASE_URL": database_url}
