"""The vendor's older Python client and its Node client, each in a process of its own; README.md says how to install."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs import SPEECH
from tests.live import ROOT, running

pytestmark = pytest.mark.sdk

CLIENTS = Path(__file__).parent / "clients"
PYTHON_SDK = ROOT / "var/sdks/videodb-0.4.5"
NODE_SDK = ROOT / "var/sdks/videodb-node-0.2.0/node_modules"
MESSAGES = ["Transcript generated successfully", "transcription already exists"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("live")) as live:
        yield live


def seen_by(program: str, script: str, server, **environment: str) -> dict:
    """Run a script of clients/ against `server` and return what it printed."""
    done = subprocess.run(
        [program, str(CLIENTS / script), server.base_url, server.key, str(SPEECH / "video.mp4")],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(not PYTHON_SDK.is_dir(), reason="videodb 0.4.5 is not installed in var/sdks")
def test_the_older_python_client_gets_its_transcript(server):
    seen = seen_by(sys.executable, "python_0_4_5.py", server, PYTHONPATH=str(PYTHON_SDK))

    assert (seen["version"], seen["generated"], seen["listed"]) == ("0.4.5", MESSAGES, True)
    assert seen["text"] == " ".join(seen["sentences"])
    assert "airplane" in seen["text"]
    assert "This access key is not valid" in seen["refused"]


@pytest.mark.skipif(not (NODE_SDK.is_dir() and shutil.which("node")), reason="videodb for Node is not in var/sdks")
def test_the_node_client_gets_its_transcript(server):
    seen = seen_by("node", "node_0_2_0.cjs", server, NODE_PATH=str(NODE_SDK))

    assert (seen["generated"], seen["listed"]) == (MESSAGES, True)
    assert seen["text"] == " ".join(seen["words"])
    assert "airplane" in seen["text"]
    assert seen["refused"] == "AuthenticationError"
