"""What the health pages say, and what they never say."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from config import health
from config.supervisor import status
from config.supervisor.chores import RECONCILE, name_of
from config.supervisor.status import ClusterStatus, Status
from tests import jobs
from tests.live import prepared, wait_until
from transcription import services
from transcription.models import Transcription
from transcription.options import JobOptions


@pytest.fixture(autouse=True)
def _fresh_machine(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    settings.HEALTH_FREE_BYTES = 0
    monkeypatch.setitem(health.CHECKS, "migrations", health.Migrations())
    monkeypatch.setitem(health.CHECKS, "storage", health.Storage())


@pytest.fixture
def supervised() -> Status:
    """A supervisor that has just said that all is well."""
    well = ClusterStatus(pid=1, is_well=True, reason="", workers=1, free_workers=1, silent_seconds=1.0, restarts=2)
    now = time.time()
    said = Status(
        at=now,
        pid=1,
        started_at=now,
        clusters={"transcribe": well, "fetch": well, "io": well},
        restarts=[],
        chores={name_of(chore): now for chore in RECONCILE},
    )
    status.write(said)
    return said


def ask(client) -> tuple[int, dict]:
    answer = client.get("/health/ready")
    return answer.status_code, answer.json()["checks"]


def failing(checks: dict) -> list[str]:
    return [name for name, check in checks.items() if not check["ok"]]


@pytest.mark.parametrize("method", ["get", "head"])
def test_live_process_says_so_without_a_database(client, method):
    answer = getattr(client, method)("/health/live")

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", ["/health/live", "/health/ready"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_health_can_only_be_read(page, method):
    anybody = Client(enforce_csrf_checks=True)

    assert getattr(anybody, method)(page).status_code == 405


@pytest.mark.parametrize("page", ["/health/live", "/health/ready"])
@pytest.mark.django_db
def test_health_is_asked_without_tls_too(client, settings, page):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get(page).status_code != 301


@pytest.mark.django_db
def test_machine_with_everything_is_ready(client, supervised):
    answer = client.get("/health/ready")

    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer.json() == {
        "status": "ok",
        "checks": {
            "database": {"ok": True, "words": "It answers."},
            "migrations": {"ok": True, "words": "All are applied."},
            "storage": {"ok": True, "words": "It can be written."},
            "cluster": {"ok": True, "words": "All are well. Restarts: 6."},
            "reconcilers": {"ok": True, "words": "All succeeded 0 seconds ago."},
            "queue": {"ok": True, "words": "The oldest job has waited 0 seconds."},
            "disk": {"ok": True, "words": answer.json()["checks"]["disk"]["words"]},
            "model": {"ok": True, "words": "The model demo is there."},
        },
    }


@pytest.mark.django_db
def test_missing_migration_is_seen_and_seen_to_be_applied(client, supervised):
    last = MigrationRecorder.Migration.objects.filter(app="media").latest("pk")
    last.delete()
    before = ask(client)
    last.save(force_insert=True)

    assert before[0] == 503
    assert before[1]["migrations"] == {"ok": False, "words": "1 are missing."}
    assert ask(client)[0] == 200


@pytest.mark.django_db
def test_storage_that_cannot_be_written_is_seen(client, supervised, settings, tmp_path):
    (tmp_path / "a file").touch()
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "a file"}}
    settings.STORAGES = {**settings.STORAGES, "default": backend}

    code, checks = ask(client)

    assert code == 503
    assert failing(checks) == ["storage"]
    assert checks["storage"]["words"] == "It does not answer."


@pytest.mark.django_db
def test_storage_is_left_as_it_was(client, supervised, settings, tmp_path):
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "blobs"}}
    settings.STORAGES = {**settings.STORAGES, "default": backend}

    ask(client)

    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


@pytest.mark.django_db
def test_machine_without_a_supervisor_is_not_ready(client):
    code, checks = ask(client)

    assert code == 503
    assert failing(checks) == ["cluster", "reconcilers"]


@pytest.mark.django_db
def test_supervisor_that_fell_silent_is_seen(client, supervised):
    status.write(replace(supervised, at=supervised.at - 100))

    code, checks = ask(client)

    assert code == 503
    assert checks["cluster"] == {"ok": False, "words": "The supervisor does not run."}


@pytest.mark.parametrize("known", [["transcribe", "fetch", "io"], ["transcribe"], []])
@pytest.mark.django_db
def test_clusters_that_are_not_well_or_not_there_are_named(client, supervised, known):
    ill = replace(supervised.clusters["io"], is_well=False)
    status.write(replace(supervised, clusters=dict.fromkeys(known, ill)))

    code, checks = ask(client)

    assert code == 503
    assert checks["cluster"]["words"].startswith("Not well: transcribe, fetch, io.")


@pytest.mark.parametrize("chore", RECONCILE, ids=name_of)
@pytest.mark.django_db
def test_reconciler_that_fails_for_a_while_is_seen(client, supervised, chore):
    status.write(replace(supervised, chores={**supervised.chores, name_of(chore): supervised.at - 100}))

    code, checks = ask(client)

    assert code == 503
    assert failing(checks) == ["reconcilers"]


@pytest.mark.django_db
def test_machine_that_runs_no_workers_needs_neither_supervisor_nor_model(client, settings, monkeypatch):
    monkeypatch.setattr(health, "CLUSTERS", [])
    settings.WHISPER_MODEL = "base"

    assert ask(client)[0] == 200


def test_job_that_waits_too_long_is_seen(client, supervised, acme):
    services.request(acme, media=jobs.media(acme), options=JobOptions())
    Transcription.objects.update(created_at=timezone.now() - timedelta(days=2))

    code, checks = ask(client)

    assert code == 503
    assert failing(checks) == ["queue"]


@pytest.mark.django_db
def test_full_disk_is_seen(client, supervised, settings):
    settings.HEALTH_FREE_BYTES = 1 << 60

    code, checks = ask(client)

    assert code == 503
    assert failing(checks) == ["disk"]


@pytest.mark.parametrize("model", ["base", "unheard-of"])
@pytest.mark.django_db
def test_missing_model_is_seen(client, supervised, settings, tmp_path, model):
    settings.WHISPER_MODEL, settings.MODEL_DIR = model, tmp_path

    code, checks = ask(client)

    assert code == 503
    assert failing(checks) == ["model"]


def test_lost_database_is_told_without_naming_it(tmp_path):
    with prepared(tmp_path, DATABASE_URL="postgres://somebody:hush@127.0.0.1:1/where") as live:
        live.start_web()
        wait_until(lambda: live.health()[0], "the server answers", seconds=40)

        code, body = live.health()

    told = json.dumps(body)
    assert code == 503
    assert body["checks"]["database"] == {"ok": False, "words": "It does not answer."}
    assert not [secret for secret in ("somebody", "hush", "127.0.0.1", "where", str(tmp_path)) if secret in told]
