import json
import multiprocessing
import stat

import pytest
from cryptography.fernet import Fernet

from config import env, secrets

GIVEN = {"SECRET_KEY": "one", "KEY_PEPPER": "two", "ENCRYPTION_KEY": "three"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty data folder, and nothing in the environment."""
    monkeypatch.setattr(env, "DATA_DIR", tmp_path / "var")
    for name in secrets.NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setattr(env.env.ENVIRON, "files_cache", {})
    return tmp_path / "var"


def give(monkeypatch, **names) -> None:
    for name, value in names.items():
        monkeypatch.setenv(name, value)


def test_a_first_run_makes_secrets_and_keeps_them(folder):
    first = secrets.load()

    assert secrets.load() == first
    assert sorted(json.loads((folder / "secrets").read_text())) == ["ENCRYPTION_KEY", "KEY_PEPPER", "SECRET_KEY"]


def test_only_the_owner_can_read_them(folder):
    secrets.load()

    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o600


def test_nothing_else_is_left_in_the_folder(folder):
    secrets.load()

    assert [path.name for path in folder.iterdir()] == ["secrets"]


def test_two_installations_have_different_secrets(folder):
    first = secrets.load()
    (folder / "secrets").unlink()
    second = secrets.load()

    assert first.secret_key != second.secret_key
    assert first.key_pepper != second.key_pepper
    assert first.encryption_key != second.encryption_key


def test_made_up_secrets_are_long_enough_and_of_use():
    made = secrets.load()

    assert len(made.secret_key) >= 50
    assert len(made.key_pepper) >= 32
    assert Fernet(made.encryption_key)
    assert not made.explicit


def test_secrets_of_the_environment_win(monkeypatch):
    secrets.load()

    give(monkeypatch, **GIVEN)

    assert secrets.load() == secrets.Secrets("one", "two", "three", explicit=True)


def test_with_all_secrets_given_no_file_is_written(monkeypatch, folder):
    give(monkeypatch, **GIVEN)

    secrets.load()

    assert not folder.exists()


@pytest.mark.parametrize("missing", secrets.NAMES)
def test_what_the_environment_does_not_give_is_made_up(monkeypatch, missing):
    give(monkeypatch, **{name: value for name, value in GIVEN.items() if name != missing})

    chosen = secrets.load()

    assert not chosen.explicit
    assert getattr(chosen, missing.lower()) not in ("", *GIVEN.values())
    assert {chosen.secret_key, chosen.key_pepper, chosen.encryption_key} > set(GIVEN.values()) - {GIVEN[missing]}


def test_an_empty_variable_gives_nothing(monkeypatch):
    give(monkeypatch, **GIVEN | {"KEY_PEPPER": ""})

    chosen = secrets.load()

    assert chosen.key_pepper
    assert not chosen.explicit


@pytest.mark.parametrize("value", ["$dollar", "$HOME", "a$b", "a=b#c", " spaced ", '"quoted"', "größer"])
def test_a_secret_is_taken_as_it_stands(monkeypatch, value):
    give(monkeypatch, **GIVEN | {"SECRET_KEY": value})

    assert secrets.load().secret_key == value


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path, end):
    (tmp_path / "mounted").write_bytes(b"from-a-file" + end.encode())

    give(monkeypatch, **GIVEN, SECRET_KEY_FILE=str(tmp_path / "mounted"))

    assert secrets.load().secret_key == "from-a-file"


def test_processes_that_start_at_the_same_moment_agree(folder):
    fork = multiprocessing.get_context("fork")
    start, found = fork.Barrier(8), fork.SimpleQueue()

    def first_run():
        start.wait(30)
        found.put(secrets.load())

    processes = [fork.Process(target=first_run) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)

    assert [process.exitcode for process in processes] == [0] * 8
    assert {found.get() for _ in processes} == {secrets.load()}
    assert [path.name for path in folder.iterdir()] == ["secrets"]
