"""Transcripts on their way to a file."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests import jobs
from transcription import services
from transcription.formats import FORMATS
from transcription.options import JobOptions


@pytest.fixture
def recording(acme):
    return jobs.media(acme, "short.wav")


def exported(recording, org, *options: str) -> str:
    answer = StringIO()
    call_command("export_transcript", recording.public_id, "--org", org.public_id, *options, stdout=answer)
    return answer.getvalue()


def test_a_transcript_is_printed(acme, recording):
    jobs.finished_job(acme, media=recording, texts=("Hello there.", "Good bye."))

    assert exported(recording, acme) == "Hello there.\nGood bye.\n"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_to_a_file(acme, recording, tmp_path, name):
    jobs.finished_job(acme, media=recording, texts=("Schön, 你好.",))
    path = tmp_path / "out"

    exported(recording, acme, "--format", name, "--to", str(path))

    assert "Schön, 你好." in path.read_text(encoding="utf-8")


def test_a_recording_without_a_transcript_says_so(acme, recording):
    services.request(acme, media=recording, options=JobOptions())

    with pytest.raises(CommandError, match="no finished transcript"):
        exported(recording, acme)


def test_anothers_recording_looks_missing(acme, globex, recording):
    jobs.finished_job(acme, media=recording)

    with pytest.raises(CommandError, match="nothing here under that id"):
        exported(recording, globex)
