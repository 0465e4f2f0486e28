"""The engine at work and in trouble: real whisper.cpp on the demo model."""

import hashlib
import logging
import struct
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import Invalid
from transcription import engine
from transcription.engine import catalogue, sound
from transcription.engine.base import SAMPLE_RATE, Block, Options, never
from transcription.engine.errors import DamagedModel, EngineError, EngineStopped, MissingDevice, MissingModel

from . import clips

ROOT = Path(__file__).parents[3]
SENTENCE = Block(0, 2.0, 4.8, 0.9)
"""Of short.wav: I want to delay my evening in December."""
WHOLE = Block(7, 0.0, 11.0, 0.9)


@pytest.fixture
def sentence() -> np.ndarray:
    return sound.of_block(clips.pcm("short.wav"), SENTENCE)


def add_model(monkeypatch, folder: Path, content: bytes, **traits) -> str:
    """Put a model of its own into the catalogue, and its file into `folder`."""
    info = replace(
        catalogue.resolve("demo"),
        name="own",
        file_name="ggml-own.bin",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        is_demo=False,
        **traits,
    )
    monkeypatch.setitem(catalogue.MODELS, "own", info)
    (folder / info.file_name).write_bytes(content)
    return "own"


def demo_file() -> bytes:
    return catalogue.resolve("demo").path(Path("nowhere")).read_bytes()


def load_own(folder: Path) -> engine.Engine:
    return engine.load("own", model_dir=folder, threads=2, device="cpu")


def test_a_block_gives_a_segment_with_all_that_is_known_of_it(fresh_demo, sentence):
    result = fresh_demo.transcribe(sentence, SENTENCE, Options(), never)

    (segment,) = result.segments
    assert segment.text == "I want to delay my evening in December."
    assert [word.text for word in segment.words] == segment.text.split()
    assert (result.language, result.language_probability) == ("en", pytest.approx(1, abs=0.01))
    assert segment.no_speech_prob == pytest.approx(0.1)
    assert -0.5 < segment.avg_logprob < 0
    assert len(segment.tokens) == 9
    assert segment.temperature == 0
    assert segment.compression_ratio == pytest.approx(0.83, abs=0.01)


def test_times_are_those_of_the_recording_and_whole_milliseconds(fresh_demo, sentence):
    late = replace(SENTENCE, start_seconds=3602.0, end_seconds=3604.8)

    here, there = (
        fresh_demo.transcribe(sentence, block, Options(language="en"), never).segments[0] for block in (SENTENCE, late)
    )

    assert [word.start + 3600 for word in here.words] == pytest.approx([word.start for word in there.words])
    assert all(round(word.end, 3) == word.end for word in there.words)


def test_a_given_language_is_used_and_has_no_probability(demo, sentence):
    result = demo.transcribe(sentence, SENTENCE, Options(language="de"), never)

    assert (result.language, result.language_probability) == ("de", None)


@pytest.mark.parametrize("language", ["xx", "german", "EN", "auto", ""])
def test_a_language_that_the_engine_does_not_know_is_refused(demo, sentence, language):
    with pytest.raises(Invalid) as refusal:
        demo.transcribe(sentence, SENTENCE, Options(language=language), never)

    assert "language" in refusal.value.details["fields"]


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("task", Options(task="summarize")),
        ("temperature", Options(temperature=-0.1)),
        ("temperature", Options(temperature=1.1)),
        ("temperature", Options(temperature=float("nan"))),
    ],
)
def test_other_options_that_make_no_sense_are_refused(demo, sentence, field, options):
    with pytest.raises(Invalid) as refusal:
        demo.transcribe(sentence, SENTENCE, options, never)

    assert field in refusal.value.details["fields"]


def test_options_do_not_stick(fresh_demo, sentence):
    before = fresh_demo.transcribe(sentence, SENTENCE, Options(), never)
    fresh_demo.transcribe(
        sentence, SENTENCE, Options(language="es", task="translate", prompt="Buenos", temperature=0.8), never
    )

    after = fresh_demo.transcribe(sentence, SENTENCE, Options(), never)

    assert after == before


def test_the_temperature_that_is_asked_for_is_the_lowest(demo, sentence):
    result = demo.transcribe(sentence, SENTENCE, Options(temperature=0.4), never)

    assert result.segments[0].temperature >= 0.4


def test_a_result_that_stays_doubtful_tells_how_far_it_was_tried(monkeypatch, tmp_path, sentence):
    add_model(monkeypatch, tmp_path, demo_file(), doubt_below=0.0)

    result = load_own(tmp_path).transcribe(sentence, SENTENCE, Options(language="en"), never)

    assert {segment.temperature for segment in result.segments} == {1.0}


def test_a_block_that_is_longer_than_the_model_likes_is_heard_to_its_end(demo):
    result = demo.transcribe(clips.pcm("short.wav"), WHOLE, Options(language="en"), never)

    assert result.segments[-1].end > 8


def test_a_block_too_short_for_a_word_is_silent(demo):
    result = demo.transcribe(np.zeros(800, np.float32), Block(0, 1.0, 1.05, 0.5), Options(language="en"), never)

    assert result.segments == ()


@pytest.mark.parametrize(
    "samples",
    [np.zeros(0, np.float32), np.full(16_000, np.nan, np.float32), np.full(16_000, np.inf, np.float32)],
    ids=["none", "nan", "inf"],
)
def test_sound_that_is_none_is_an_error_and_no_silence(demo, samples):
    with pytest.raises(EngineError):
        demo.transcribe(samples, SENTENCE, Options(), never)


def test_a_stop_reaches_the_running_engine_at_once(demo):
    asked = threading.Event()
    threading.Timer(0.05, asked.set).start()
    samples = np.tile(clips.pcm("short.wav"), 40)
    started = time.monotonic()

    with pytest.raises(EngineStopped):
        demo.transcribe(samples, Block(0, 0.0, 440.0, 0.9), Options(), asked.is_set)

    assert time.monotonic() - started < 2


def test_an_engine_that_was_stopped_works_on(fresh_demo, sentence):
    expected = fresh_demo.transcribe(sentence, SENTENCE, Options(), never)
    answers = iter([False])
    with pytest.raises(EngineStopped):
        fresh_demo.transcribe(clips.pcm("short.wav"), WHOLE, Options(), lambda: next(answers, True))

    assert fresh_demo.transcribe(sentence, SENTENCE, Options(), never) == expected


def test_a_stop_before_the_beginning_costs_nothing(demo, sentence):
    with pytest.raises(EngineStopped):
        demo.transcribe(sentence, SENTENCE, Options(), lambda: True)


def test_what_the_question_raises_comes_out(demo, sentence):
    answers = iter([False])

    def ask() -> bool:
        for answer in answers:
            return answer
        raise ConnectionError("the lease cannot be asked for")

    with pytest.raises(ConnectionError, match="the lease"):
        demo.transcribe(clips.pcm("short.wav"), WHOLE, Options(), ask)


def test_other_threads_run_while_the_engine_does(demo):
    beats, done = [], threading.Event()

    def beat() -> None:
        while not done.wait(0.01):
            beats.append(time.monotonic())

    heart = threading.Thread(target=beat)
    heart.start()
    demo.transcribe(np.tile(clips.pcm("short.wav"), 2), Block(0, 0.0, 22.0, 0.9), Options(), never)
    done.set()
    heart.join()

    assert len(beats) > 5
    assert np.diff(beats).max() < 0.5


def test_a_failing_engine_raises_instead_of_hearing_silence(monkeypatch, tmp_path, sentence):
    add_model(monkeypatch, tmp_path, demo_file(), audio_context=9999)

    with pytest.raises(EngineError, match="code -5: .* audio_ctx is larger than the maximum"):
        load_own(tmp_path).transcribe(sentence, SENTENCE, Options(), never)


def test_a_truncated_model_is_refused_before_it_is_loaded(monkeypatch, tmp_path):
    add_model(monkeypatch, tmp_path, demo_file())
    with (tmp_path / "ggml-own.bin").open("r+b") as file:
        file.truncate(3_000_000)

    with pytest.raises(DamagedModel, match="3,000,000 bytes"):
        load_own(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"no model at all" * 1000, demo_file().replace(b"encoder.conv1.weight", b"encoder.conv9.weight")]
)
def test_a_file_that_is_no_model_is_an_error(monkeypatch, tmp_path, content):
    add_model(monkeypatch, tmp_path, content)

    with pytest.raises(EngineError, match="cannot load the model ggml-own.bin"):
        load_own(tmp_path)


def test_a_model_that_is_not_here_is_missing(tmp_path):
    with pytest.raises(MissingModel, match="manage.py fetch_model small"):
        engine.load("small", model_dir=tmp_path, threads=2)


def test_an_english_model_hears_english_and_refuses_the_rest(monkeypatch, tmp_path, sentence):
    add_model(monkeypatch, tmp_path, english_only(demo_file()), languages="en")
    english = load_own(tmp_path)

    result = english.transcribe(sentence, SENTENCE, Options(), never)

    assert (result.language, result.language_probability) == ("en", None)
    with pytest.raises(Invalid, match="only knows English"):
        english.transcribe(sentence, SENTENCE, Options(language="de"), never)


def english_only(model: bytes) -> bytes:
    """Return a model file without its last token: whisper.cpp takes a vocabulary of 51,864 for an English one."""
    width, row = 64, 64 // 32 * 34  # q8_0: 34 bytes for 32 weights
    name = b"decoder.token_embedding.weight"
    at = model.index(name)
    header = struct.pack("<5i", 2, len(name), 8, width, 51_864)
    return model[:4] + struct.pack("<i", 51_864) + model[8 : at - len(header)] + header + model[at:-row]


def test_a_model_in_memory_is_used_again(demo):
    assert engine.load("demo", model_dir=Path("nowhere"), threads=2, device="auto") is demo


def test_another_model_takes_the_place_of_the_first_and_says_so(monkeypatch, tmp_path, caplog, sentence):
    add_model(monkeypatch, tmp_path, demo_file())
    first = engine.load("demo", model_dir=tmp_path, threads=1)

    with caplog.at_level(logging.INFO, logger="transcription.engine"):
        second = load_own(tmp_path)

    assert second is load_own(tmp_path)
    assert "The model demo makes room for own." in caplog.messages
    with pytest.raises(EngineError, match="has been unloaded"):
        first.transcribe(sentence, SENTENCE, Options(), never)


def test_a_gpu_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(MissingDevice, match="built without CUDA"):
        engine.load("demo", model_dir=tmp_path, threads=2, device="cuda")


def test_an_unknown_device_is_refused(tmp_path):
    with pytest.raises(Invalid) as refusal:
        engine.load("demo", model_dir=tmp_path, threads=2, device="tpu")

    assert "device" in refusal.value.details["fields"]


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_without_a_gpu_it_runs_on_the_processor(device, tmp_path):
    heard = engine.load("demo", model_dir=tmp_path, threads=2, device=device)

    assert heard.device == "cpu"
    assert not engine.has_cuda(device)


def test_a_program_with_an_engine_prints_nothing_and_ends_well():
    program = """
import numpy as np
from pathlib import Path
from transcription import engine
from transcription.engine.base import Block, Options, never
demo = engine.load("demo", model_dir=Path("nowhere"), threads=2)
demo.transcribe(np.zeros(16_000, np.float32), Block(0, 0.0, 1.0, 0.5), Options(), never)
"""

    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"},
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_block_is_cut_from_a_file_as_from_memory(tmp_path):
    samples = clips.pcm("short.wav")
    samples.tofile(tmp_path / "pcm")

    cut = sound.of_block(np.memmap(tmp_path / "pcm", np.float32, "r"), SENTENCE)

    assert len(cut) == 2.8 * SAMPLE_RATE
    assert np.array_equal(cut, sound.of_block(samples, SENTENCE))
