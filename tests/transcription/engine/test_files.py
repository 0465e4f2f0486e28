"""Model files: found, checked, brought in."""

import hashlib
from dataclasses import replace

import pytest

from core.errors import Unavailable, kind_of
from transcription.engine import files
from transcription.engine.catalogue import resolve
from transcription.engine.errors import DamagedModel, MissingModel

CONTENT = bytes(range(256)) * 40
INFO = replace(
    resolve("tiny"),
    file_name="ggml-toy.bin",
    bytes=len(CONTENT),
    sha1=hashlib.sha1(CONTENT).hexdigest(),
)


def test_the_demo_model_is_always_here(tmp_path):
    assert files.locate("demo", tmp_path).is_file()


def test_the_demo_model_is_as_the_catalogue_says():
    info = resolve("demo")

    assert files.verify(info.path(None), info) is None


def test_a_missing_model_tells_the_command_that_fetches_it(tmp_path):
    with pytest.raises(MissingModel, match="manage.py fetch_model base") as refusal:
        files.locate("base", tmp_path)

    assert kind_of(refusal.value) is Unavailable


def test_a_model_in_the_model_directory_is_found(tmp_path):
    (tmp_path / "ggml-base.bin").write_bytes(b"x")

    assert files.locate("base", tmp_path) == tmp_path / "ggml-base.bin"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(CONTENT[:-1], "bytes"), (CONTENT + b"x", "bytes"), (b"", "bytes"), (CONTENT[:-1] + b"x", "sha1 sum")],
    ids=["short", "long", "empty", "changed"],
)
def test_a_file_that_is_not_what_was_published_is_refused(tmp_path, content, complaint):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(DamagedModel, match=complaint):
        files.verify(path, INFO)


def test_a_file_arrives_whole(tmp_path):
    path = files.receive(INFO, tmp_path / "new", fill=lambda file, start: file.write(CONTENT[start:]))

    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == ["ggml-toy.bin"]


def test_an_interrupted_file_goes_on_where_it_ended(tmp_path):
    def break_off(file, start):
        file.write(CONTENT[:100])
        raise ConnectionError

    with pytest.raises(ConnectionError):
        files.receive(INFO, tmp_path, fill=break_off)
    starts = []

    path = files.receive(INFO, tmp_path, fill=lambda file, start: starts.append(start) or file.write(CONTENT[start:]))

    assert starts == [100]
    assert path.read_bytes() == CONTENT


def test_what_has_arrived_is_no_model_before_it_is_whole(tmp_path):
    def break_off(file, start):
        file.write(CONTENT[:100])
        raise ConnectionError

    with pytest.raises(ConnectionError):
        files.receive(INFO, tmp_path, fill=break_off)

    assert not (tmp_path / INFO.file_name).exists()


def test_a_wrong_file_leaves_nothing_behind(tmp_path):
    with pytest.raises(DamagedModel):
        files.receive(INFO, tmp_path, fill=lambda file, start: file.write(b"an error page"))

    assert list(tmp_path.iterdir()) == []


def test_a_complete_part_needs_no_connection(tmp_path):
    (tmp_path / "ggml-toy.bin.part").write_bytes(CONTENT)

    path = files.receive(INFO, tmp_path, fill=lambda file, start: pytest.fail("nothing is missing"))

    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("inside", ["", "ggml-toy.bin"], ids=["directory", "file"])
def test_a_file_is_taken_from_where_it_lies(tmp_path, inside):
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "ggml-toy.bin").write_bytes(CONTENT)

    path = files.take(INFO, tmp_path / "models", source=tmp_path / "stick" / inside)

    assert path == tmp_path / "models" / "ggml-toy.bin"
    assert path.read_bytes() == CONTENT


def test_a_file_that_is_not_there_cannot_be_taken(tmp_path):
    with pytest.raises(MissingModel, match="no file"):
        files.take(INFO, tmp_path / "models", source=tmp_path)


def test_a_damaged_file_is_not_taken(tmp_path):
    (tmp_path / "ggml-toy.bin").write_bytes(CONTENT[:-1])

    with pytest.raises(DamagedModel):
        files.take(INFO, tmp_path / "models", source=tmp_path)

    assert not (tmp_path / "models").exists()
