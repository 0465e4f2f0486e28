"""Canaries and songs, without processes."""

import pytest
from django_q.models import OrmQ

from config.supervisor import canary, folder
from config.supervisor.canary import Song


@pytest.fixture(autouse=True)
def _data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def queued(cluster: str = "io") -> list[tuple]:
    return [message.task["args"] for message in OrmQ.objects.filter(key=cluster).order_by("pk")]


def finish(message: int, cluster: str = "io") -> None:
    canary.note(sender="django_q", task={"cluster": cluster, "ack_id": message})


@pytest.mark.django_db
def test_own_canary_is_home():
    canary.release("io")
    (arguments,) = queued()
    OrmQ.objects.all().delete()

    canary.sing(*arguments)

    assert queued() == []


@pytest.mark.django_db
def test_canary_of_another_machine_is_sent_on():
    canary.sing("io", "other:/data", "7")

    assert queued() == [("io", "other:/data", "6")]


@pytest.mark.django_db
def test_lost_canary_is_given_up():
    canary.sing("io", "gone:/data", "0")

    assert queued() == []


def test_nobody_was_heard_of_at_first():
    assert canary.last_song("io") is None


def test_finished_task_is_a_song():
    finish(41)
    finish(42)

    assert canary.last_song("io").message == 42


def test_clusters_sing_for_themselves():
    finish(41, "transcribe")

    assert canary.last_song("io") is None


def test_each_song_has_another_time():
    finish(41)
    first = canary.last_song("io")

    finish(41)

    assert canary.last_song("io").at_ns > first.at_ns


@pytest.mark.parametrize("text", ["", "4x", "-1"])
def test_song_that_is_being_written_names_no_message(text):
    finish(41)
    folder.path("io.alive").write_text(text)

    assert canary.last_song("io") == Song(folder.path("io.alive").stat().st_mtime_ns, None)


def test_forgotten_song_is_gone():
    finish(41)

    canary.forget("io")
    canary.forget("io")

    assert canary.last_song("io") is None


def test_worker_survives_a_folder_that_cannot_be_written():
    folder.path("io.alive").mkdir()

    finish(41)

    assert folder.path("io.alive").is_dir()
