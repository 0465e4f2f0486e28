"""The command that brings a model onto this machine, against a server on this machine."""

import hashlib
import io
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command

from transcription.engine import catalogue

CONTENT = bytes(range(256)) * 4000


class ModelServer(ThreadingHTTPServer):
    """A server of one file, which can break off, and remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = CONTENT
        self.breaks_at: int | None = None
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/ggml-toy.bin"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: N802  (the name that http.server looks for)
        wanted = self.headers["Range"]
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        content = self.server.content
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[start : self.server.breaks_at])

    def log_message(self, *_args) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server():
    with ModelServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def toy(server, settings, monkeypatch, tmp_path):
    """A model of the catalogue whose file the server has."""
    settings.MODEL_DIR = tmp_path / "models"
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    info = replace(
        catalogue.resolve("tiny"),
        name="toy",
        file_name="ggml-toy.bin",
        bytes=len(CONTENT),
        sha1=hashlib.sha1(CONTENT).hexdigest(),
        source=server.url,
    )
    monkeypatch.setitem(catalogue.MODELS, "toy", info)
    return info.path(settings.MODEL_DIR)


def fetch(*arguments: str) -> str:
    said = io.StringIO()
    call_command("fetch_model", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def test_a_model_is_fetched_and_checked(toy):
    said = fetch("toy")

    assert toy.read_bytes() == CONTENT
    assert "WHISPER_MODEL=toy" in said


def test_an_interrupted_fetch_goes_on_where_it_ended(toy, server):
    server.breaks_at = 300_000
    with pytest.raises(CommandError, match="goes on from there"):
        fetch("toy")
    arrived = toy.with_name("ggml-toy.bin.part").stat().st_size
    server.breaks_at = None

    fetch("toy")

    assert 0 < arrived <= 300_000
    assert server.ranges == [None, f"bytes={arrived}-"]
    assert toy.read_bytes() == CONTENT


def test_a_changed_file_is_refused_and_not_kept(toy, server):
    server.content = CONTENT[:-1] + b"x"

    with pytest.raises(CommandError, match="sha1 sum"):
        fetch("toy")

    assert list(toy.parent.iterdir()) == []


def test_without_a_connection_it_says_what_to_do(toy, server):
    server.shutdown()
    server.server_close()

    with pytest.raises(CommandError, match="fetch_model toy --from PATH") as refusal:
        fetch("toy")

    assert server.url in str(refusal.value)


def test_a_file_is_taken_from_a_directory_without_a_connection(toy, server, tmp_path):
    (tmp_path / "ggml-toy.bin").write_bytes(CONTENT)

    fetch("toy", "--from", str(tmp_path))

    assert toy.read_bytes() == CONTENT
    assert server.ranges == []


def test_a_directory_without_the_file_is_an_error(toy, tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        fetch("toy", "--from", str(tmp_path))


def test_a_model_that_is_here_is_not_fetched_again(toy, server):
    fetch("toy")

    said = fetch("toy")

    assert "already here" in said
    assert len(server.ranges) == 1


def test_a_damaged_model_is_replaced(toy):
    toy.parent.mkdir(parents=True)
    toy.write_bytes(b"half a model")

    said = fetch("toy")

    assert "It is replaced now." in said
    assert toy.read_bytes() == CONTENT


def test_the_demo_model_needs_no_fetching(toy):
    assert "comes with Polyscribe" in fetch("demo")


def test_an_unknown_model_is_refused_with_the_known_ones(toy):
    with pytest.raises(CommandError, match=r"no model 'gigantic'.*large-v3-turbo"):
        fetch("gigantic")


def test_without_a_name_the_models_are_listed(toy):
    fetch("toy")

    said = fetch()

    assert [line.split()[0] for line in said.splitlines()] == list(catalogue.MODELS)
    (line,) = [line for line in said.splitlines() if line.startswith("toy ")]
    assert " here " in line
