"""The models that Polyscribe knows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import Invalid, kind_of
from transcription.engine.catalogue import MODELS, resolve
from transcription.engine.errors import UnknownModel

ROOT = Path(__file__).parents[3]
PUBLISHED = [model for model in MODELS.values() if not model.is_demo]


def test_the_demo_model_says_that_it_is_one():
    demos = [model for model in MODELS.values() if model.is_demo]

    assert [model.name for model in demos] == ["demo"]
    assert demos[0].description.startswith("Demo only")


def test_the_demo_model_lies_in_the_package():
    path = resolve("demo").path(Path("/nowhere"))

    assert path.is_file()


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda model: model.name)
def test_a_published_model_can_be_checked_and_fetched(model):
    assert re.fullmatch("[0-9a-f]{40}", model.sha1)
    assert model.source.endswith(f"/ggml-{model.name}.bin")
    assert model.bytes > 30_000_000
    assert (model.languages == "en") == (".en" in model.name)


def test_no_two_models_share_a_file_or_a_sum():
    assert len({model.file_name for model in MODELS.values()}) == len(MODELS)
    assert len({model.sha1 for model in PUBLISHED}) == len(PUBLISHED)


@pytest.mark.parametrize("name", ["", "Base", "base ", "../base", "ggml-base.bin", "large"])
def test_an_unknown_model_is_refused_by_name(name):
    with pytest.raises(UnknownModel) as refusal:
        resolve(name)

    assert kind_of(refusal.value) is Invalid
    assert "model" in refusal.value.details["fields"]


@pytest.mark.parametrize(
    ("name", "language"),
    [("base.en", "de"), ("small.en-q5_1", ""), ("medium", "yue"), ("demo", "yue"), ("tiny.en", "yue")],
)
def test_a_language_that_a_model_does_not_know_is_refused(name, language):
    with pytest.raises(Invalid) as refusal:
        resolve(name).check_language(language)

    assert "language" in refusal.value.details["fields"]


@pytest.mark.parametrize(
    ("name", "language"),
    [("base.en", "en"), ("base.en", None), ("base", "de"), ("demo", None), ("large-v3-turbo-q5_0", "yue")],
)
def test_a_language_that_a_model_knows_passes(name, language):
    assert resolve(name).check_language(language) is None


def test_the_catalogue_and_stored_results_need_neither_numpy_nor_whisper():
    program = """
import sys
import transcription.engine
from transcription.engine import base, catalogue, files
heavy = {"numpy", "_pywhispercpp", "pywhispercpp", "django", "transcription.engine.whispercpp"}
print(sorted(heavy & set(sys.modules)))
"""

    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"},
    )

    assert run.stdout == "[]\n"
