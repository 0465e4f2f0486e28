"""`manage.py serve` and `manage.py web`, as a person starts them."""

import os
import signal

import pytest

from tests.live import LiveServer, children_of, prepared, processes_of, wait_until

NAMES = {0: "The web server", 1: "The cluster"}


@pytest.fixture
def live(tmp_path):
    with prepared(tmp_path, CLUSTERS="io", ACCESS_LOG=1) as server:
        yield server


def serve(live: LiveServer):
    """Start `serve` and wait until web and supervisor are there."""
    served = live.start("serve")
    wait_until(lambda: live.health()[1].get("status"), "the web answers")
    wait_until((live.data_dir / "cluster" / "status.json").exists, "the supervisor is there")
    return served


def test_serve_says_where_it_listens_serves_and_ends_on_request(live):
    served = serve(live)
    live.wait_until_ready()
    answer = live.get("/health/live?signature=hush")

    served.send_signal(signal.SIGTERM)
    exit_code = served.wait(20)

    assert (answer.status, exit_code) == (200, 0)
    assert f"Polyscribe listens on http://127.0.0.1:{live.port} (Ctrl-C ends it)." in live.log
    assert "The demo model is in use" in live.log
    assert '"message": "GET /health/live 200, 16 bytes,' in live.log
    assert "hush" not in live.log
    assert processes_of(live.data_dir) == []


@pytest.mark.parametrize("which", NAMES, ids=NAMES.get)
def test_when_one_half_dies_the_other_is_ended(live, which):
    served = serve(live)

    os.kill(children_of(served.pid)[which], signal.SIGKILL)

    assert served.wait(30) == 1
    assert f"{NAMES[which]} ended by itself (exit code -9); so the rest ends." in live.log
    wait_until(lambda: not processes_of(live.data_dir), "all processes have ended")


@pytest.mark.slow
def test_killed_serve_takes_both_halves_with_it(live):
    served = serve(live)

    served.kill()

    wait_until(lambda: not processes_of(live.data_dir), "all processes have ended")


def test_serve_refuses_a_database_without_its_migrations(live, tmp_path):
    live.env["DATABASE_URL"] = f"sqlite:///{tmp_path}/empty.sqlite3"

    served = live.start("serve")

    assert served.wait(30) == 1
    assert "migrations: run `manage.py migrate` first." in live.log
