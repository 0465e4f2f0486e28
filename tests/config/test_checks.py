"""Configurations that must not go into production, and one that may."""

import os
import subprocess
import sys
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import call_command

from config import checks
from tests.installations import ROOT

PRODUCTION = {
    "DEBUG": "0",
    "ALLOWED_HOSTS": "transcribe.example.org",
    "SECURE_SSL_REDIRECT": "1",
    "SECURE_HSTS_SECONDS": "31536000",
    "COOKIES_OVER_HTTPS_ONLY": "1",
    "BEHIND_TLS_PROXY": "1",
}


def new_secrets() -> dict[str, str]:
    printed = StringIO()
    call_command("new_secrets", stdout=printed)
    return dict(line.split("=", 1) for line in printed.getvalue().splitlines())


def found(*, deploy: bool = False) -> list[str]:
    return [message.id for message in run_checks(include_deployment_checks=deploy)]


@pytest.fixture
def on_postgres(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    settings.DEBUG = False
    return settings


def test_production_variables_satisfy_every_check(tmp_path):
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **PRODUCTION, **new_secrets()}
    command = [sys.executable, str(ROOT / "manage.py"), "check", "--deploy", "--fail-level", "WARNING"]

    checked = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    assert (checked.returncode, checked.stderr) == (0, "")


def test_new_secrets_are_new_each_time():
    first, second = new_secrets(), new_secrets()

    assert list(first) == ["SECRET_KEY", "KEY_PEPPER", "ENCRYPTION_KEY"]
    assert not set(first.values()) & set(second.values())


def test_new_secrets_are_long_and_encrypt():
    secrets = new_secrets()

    assert Fernet(secrets["ENCRYPTION_KEY"])
    assert min(map(len, secrets.values())) >= 43  # 256 bits in base 64


def test_made_up_secrets_are_refused_on_postgres(on_postgres):
    on_postgres.SECRETS_ARE_EXPLICIT = False

    assert "polyscribe.E001" in found()


def test_explicit_secrets_are_accepted_on_postgres(on_postgres):
    on_postgres.SECRETS_ARE_EXPLICIT = True

    assert "polyscribe.E001" not in found()


def test_made_up_secrets_are_accepted_in_development(on_postgres):
    on_postgres.SECRETS_ARE_EXPLICIT = False
    on_postgres.DEBUG = True

    assert "polyscribe.E001" not in found()


def test_made_up_secrets_are_accepted_on_sqlite(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    settings.SECRETS_ARE_EXPLICIT = False

    assert "polyscribe.E001" not in found()


@pytest.mark.parametrize(("hosts", "warns"), [(["*"], True), (["a.example", "*"], True), (["a.example"], False)])
def test_deployment_that_answers_under_any_name_is_warned(settings, hosts, warns):
    settings.ALLOWED_HOSTS = hosts

    assert ("polyscribe.W001" in found(deploy=True)) is warns


def test_development_may_answer_under_any_name(settings):
    settings.ALLOWED_HOSTS = ["*"]

    assert "polyscribe.W001" not in found()


@pytest.mark.parametrize(
    ("clusters", "refused"),
    [(["transcribe", "io"], False), ([], False), (["transcribe-cuda"], False), (["io", "transcibe"], True)],
)
def test_cluster_that_does_not_exist_is_refused(monkeypatch, clusters, refused):
    monkeypatch.setattr(checks, "CLUSTERS", clusters)

    assert ("polyscribe.E002" in found()) is refused


@pytest.mark.parametrize(("model", "refused"), [("demo", False), ("base", False), ("bse", True), ("", True)])
def test_model_that_is_in_no_catalogue_is_refused(settings, model, refused):
    settings.WHISPER_MODEL = model

    assert ("polyscribe.E003" in found()) is refused


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("OUTBOUND_ALLOW", ["garbage"], "E004"),
        ("OUTBOUND_ALLOW", ["10.0.0.0/8", "10.0.0.0/33"], "E004"),
        ("ENCRYPTION_KEY", "short", "E005"),
        ("MEDIA_MAX_BYTES", -5, "E006"),
        ("WHISPER_THREADS", 0, "E006"),
        ("JOB_LEASE_SECONDS", 0, "E006"),
        ("WHISPER_DEVICE", "tpu", "E007"),
    ],
)
def test_setting_that_nothing_could_work_with_is_refused(settings, name, value, check):
    setattr(settings, name, value)

    assert f"polyscribe.{check}" in found()


def test_networks_are_accepted(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8", "10.1.2.3", "fd00::/8"]

    assert "polyscribe.E004" not in found()


def test_cluster_without_workers_is_refused(monkeypatch):
    monkeypatch.setitem(checks.WORKERS, "io", 0)

    assert "polyscribe.E006" in found()
