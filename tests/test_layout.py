"""The rules of the house hold for the product, and each would notice if one did not."""

import re
from pathlib import Path

import pytest

from tests import layout

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def tree(tmp_path):
    """A small product that keeps every rule; call it with a path and a source to plant something."""

    def plant(path: str, source: str) -> Path:
        module = tmp_path / path
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(source)
        return tmp_path

    plant("manage.py", '"""Start."""\nimport os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n')
    plant("platform/core/errors.py", '"""Errors."""\n')
    plant(
        "platform/core/ownership.py", '"""Tenancy."""\nfrom django.db import models\nfrom core.errors import NotFound\n'
    )
    plant("platform/config/env.py", '"""Environment."""\nimport os\nHOME = os.environ["HOME"]\n')
    plant("platform/config/urls.py", '"""Routes."""\nfrom django.views import View\nimport dialects.native.urls\n')
    plant(
        "platform/dialects/native/urls.py",
        '"""Routes."""\nfrom rest_framework.views import APIView\nfrom . import views\n',
    )
    plant("platform/files/views.py", '"""Files."""\nimport dialects\nfrom media.services import opened\nopened.of(1)\n')
    plant("orgs/__init__.py", "")
    plant("orgs/apps.py", "from django.apps import AppConfig\n")
    plant("orgs/migrations/0001_initial.py", "from django.db import migrations\n" * 301)
    plant("billing/gateway.py", '"""Payments."""\nimport stripe\n')
    plant("media/sandbox/child/main.py", '"""Child."""\nimport os\nos.environ.clear()\n')
    plant("media/services.py", '"""Media."""\nfrom orgs.models import Organization\n')
    plant(
        "media/run.py", '"""Run."""\nimport os\ndef env():\n    return {**os.environ, "PATH": os.environ.get("PATH")}\n'
    )
    plant("transcription/engine/whispercpp.py", '"""Engine."""\nimport pywhispercpp.model\nfrom core.errors import X\n')
    plant("transcription/models.py", '"""Models."""\nfrom django.db import models\nrows = models.Model.objects\n')
    plant("templates/base.html", "")
    plant("var/secrets", "")
    return plant


RULES = [
    layout.upward_imports,
    layout.http_below_the_doors,
    layout.libraries_outside_their_room,
    layout.django_in_pure_code,
    layout.queries_at_the_doors,
    layout.modules_loose_in_platform,
    layout.modules_too_long,
    layout.readers_of_the_environment,
    layout.modules_without_docstring,
    layout.strangers_at_the_top,
]


def test_imports_only_point_downward():
    assert layout.upward_imports(ROOT) == []


def test_only_the_doors_know_http():
    assert layout.http_below_the_doors(ROOT) == []


def test_stripe_and_whisper_are_imported_in_one_module_each():
    assert layout.libraries_outside_their_room(ROOT) == []


def test_engine_and_analysis_run_without_django():
    assert layout.django_in_pure_code(ROOT) == []


def test_the_doors_reach_rows_only_through_services_and_tenancy():
    assert layout.queries_at_the_doors(ROOT) == []


def test_platform_is_a_folder_and_no_package():
    assert layout.modules_loose_in_platform(ROOT) == []


def test_no_module_is_longer_than_300_lines():
    assert layout.modules_too_long(ROOT) == []


def test_the_environment_is_read_in_one_module():
    assert layout.readers_of_the_environment(ROOT) == []


def test_every_module_says_what_it_is_for():
    assert layout.modules_without_docstring(ROOT) == []


def test_the_top_level_is_the_owners():
    assert layout.strangers_at_the_top(ROOT) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_sound_tree_breaks_no_rule(tree, rule):
    root = tree("orgs/services.py", '"""Services."""\nfrom core.ownership import Owned\n')

    assert rule(root) == []


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (layout.upward_imports, "platform/core/a.py", "import orgs"),
        (layout.upward_imports, "orgs/a.py", "from billing import services"),
        (layout.upward_imports, "billing/a.py", "import media.models as m"),
        (layout.upward_imports, "media/a.py", "def f():\n    from transcription.models import Transcription"),
        (layout.upward_imports, "media/deep/er/a.py", "if True:\n    import transcription"),
        (layout.upward_imports, "media/migrations/0002_a.py", "import transcription"),
        (layout.upward_imports, "transcription/a.py", "import dialects.native"),
        (layout.upward_imports, "transcription/management/commands/a.py", "import config"),
        (layout.upward_imports, "platform/dialects/a.py", "from config.settings import DEBUG"),
        (layout.upward_imports, "orgs/a.py", 'import importlib\nimportlib.import_module("media.models")'),
        (layout.upward_imports, "platform/unheard_of/a.py", "import orgs"),
        (layout.http_below_the_doors, "orgs/a.py", "from django.http import HttpResponse"),
        (layout.http_below_the_doors, "orgs/a.py", "from django import http"),
        (layout.http_below_the_doors, "media/a.py", "import django.views.generic"),
        (layout.http_below_the_doors, "media/a.py", "def f():\n    from django.shortcuts import render"),
        (layout.http_below_the_doors, "platform/core/a.py", "from rest_framework.exceptions import APIException"),
        (layout.libraries_outside_their_room, "billing/services.py", "import stripe"),
        (layout.libraries_outside_their_room, "platform/dashboard/a.py", "def f():\n    from stripe import Webhook"),
        (layout.libraries_outside_their_room, "transcription/engine/a.py", "import pywhispercpp.model"),
        (layout.libraries_outside_their_room, "billing/gateway.py", "import stripe, pywhispercpp"),
        (layout.libraries_outside_their_room, "transcription/engine/a.py", "import _pywhispercpp"),
        (layout.django_in_pure_code, "transcription/engine/a.py", "from django.conf import settings"),
        (layout.django_in_pure_code, "transcription/analysis/a.py", "def f():\n    import django"),
        (layout.django_in_pure_code, "transcription/engine/a.py", "from transcription.models import Transcription"),
        (layout.django_in_pure_code, "transcription/engine/a.py", "from ..models import Transcription"),
        (layout.django_in_pure_code, "transcription/analysis/a.py", "from core.ownership import Owned"),
        (layout.queries_at_the_doors, "platform/files/a.py", "Media.objects.get(pk=1)"),
        (layout.queries_at_the_doors, "platform/dialects/native/a.py", "def f(m):\n    return m.objects"),
        (layout.queries_at_the_doors, "platform/dashboard/a.py", "Media._default_manager.all()"),
        (layout.modules_loose_in_platform, "platform/__init__.py", ""),
        (layout.modules_loose_in_platform, "platform/tools.py", '"""Tools."""'),
        (layout.modules_too_long, "media/a.py", '"""Long."""\n' + "x = 1\n" * 300),
        (layout.readers_of_the_environment, "media/a.py", 'import os\nos.environ["HOME"]'),
        (layout.readers_of_the_environment, "media/a.py", 'import os\nos.environ.get("HOME")'),
        (layout.readers_of_the_environment, "media/a.py", 'import os\nos.getenv("HOME")'),
        (layout.readers_of_the_environment, "platform/config/a.py", "from os import path, environ"),
        (layout.readers_of_the_environment, "manage.py", 'import os\nos.environ.setdefault("DEBUG", "1")'),
        (layout.modules_without_docstring, "media/a.py", "x = 1"),
        (layout.modules_without_docstring, "media/__init__.py", "from media.models import Media"),
        (layout.strangers_at_the_top, "utils/a.py", ""),
        (layout.strangers_at_the_top, "setup.py", ""),
    ],
)
def test_a_broken_rule_is_noticed(tree, rule, path, source):
    root = tree(path, source)

    assert any(path.startswith(re.split("[ :]", broken)[0]) for broken in rule(root))


def test_pure_code_is_told_by_what_comes_along(tree):
    root = tree("transcription/__init__.py", '"""Jobs."""\nimport django\n')

    assert layout.django_in_pure_code(root) == [
        "transcription/engine/whispercpp.py reaches Django through transcription/__init__.py"
    ]
