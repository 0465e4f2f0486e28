"""Show the whole of Polyscribe in a minute: start it, send it a recording, print what it heard and what it cost."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from types import MappingProxyType

import urllib3
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from billing.queries import balance, job_charge
from config import env
from orgs.models import Organization
from transcription.engine import catalogue

_SAMPLE = env.ROOT / "tests" / "speech" / "feelings.ogg"
_SYNAPSES = 1000
_START_SECONDS, _JOB_SECONDS = 60, 120


class Command(BaseCommand):
    help = "Start web and cluster, transcribe a sample recording over the API, show everything, stop."

    def handle(self, **options) -> None:
        log = Path(settings.DATA_DIR) / "demo.log"
        self._say(f"Starting web and cluster (their log: {log}) …")
        with log.open("wb") as output:
            port = _free_port()
            server = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=env.ROOT,
                env={**os.environ, "PORT": str(port)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                _wait_until_ready(f"http://127.0.0.1:{port}", server)
                made = self._organization()
                self._transcribe(Api(f"http://127.0.0.1:{port}", made["key"]), made["org"])
            finally:
                _stop(server)
        self._say_how_to_go_on(made)

    def _organization(self) -> dict[str, str]:
        answer = StringIO()
        arguments = ["Demo", "--owner", "you@example.org", "--synapses", str(_SYNAPSES), "--json"]
        call_command("create_org", *arguments, stdout=answer)
        made = json.loads(answer.getvalue())
        self._say(f"Made the organization {made['org']} with {_SYNAPSES} synapses and an access key.")
        return made

    def _transcribe(self, api: "Api", org_id: str) -> None:
        media = api.upload(_SAMPLE)
        self._say(f"Uploaded {_SAMPLE.name} ({float(media['length']):.1f} seconds) as {media['id']}.")
        started = time.monotonic()
        job = api.ask_for_transcript(media["id"])
        for percentage in api.progress(job):
            self._say(f"\r  transcribing: {percentage:3.0f} %", end="")
        self._say(f"\r  transcribed in {time.monotonic() - started:.1f} seconds.   \n")
        for row in api.sentences(media["id"]):
            self._say(f"  {row['start']:7.2f} – {row['end']:6.2f}  {row['text']}")
        org = Organization.objects.get(public_id=org_id)
        charge, wallet = job_charge(org, job), balance(org)
        self._say(f"\nPrice: {charge.charged} synapses (one a started second). Balance: {wallet.available} synapses.")

    def _say_how_to_go_on(self, made: dict[str, str]) -> None:
        if catalogue.resolve(settings.WHISPER_MODEL).is_demo:
            self._say(
                "\nThis was the demo model: it is tiny, it only knows the sentences of its own little grammar, "
                "and it is here so that everything runs offline.\nFor real recordings:\n"
                "    .venv/bin/python manage.py fetch_model base     and then set WHISPER_MODEL=base"
            )
        port = env.whole("PORT", default=8000)
        self._say(
            f"\nGo on:\n    make serve                  starts Polyscribe on http://127.0.0.1:{port}\n"
            f"    export KEY={made['key']}\n"
            f'    curl -H "x-access-token: $KEY" -F file=@talk.mp3 http://127.0.0.1:{port}/collection/default/upload\n'
            f'    or, with VideoDB\'s client:  videodb.connect(api_key=KEY, base_url="http://127.0.0.1:{port}")'
        )

    def _say(self, words: str, end: str = "\n") -> None:
        self.stdout.write(words, ending=end)
        self.stdout.flush()


class Api:
    """The calls that the demo makes, as any program would, with `x-access-token`."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url = base_url
        self._key = {"x-access-token": key}
        self._http = urllib3.PoolManager(timeout=60, retries=False)

    def upload(self, path: Path) -> dict:
        part = (path.name, path.read_bytes(), "application/octet-stream")
        return self._ask("POST", "/collection/default/upload", fields={"file": part, "name": path.stem})["data"]

    def ask_for_transcript(self, media_id: str) -> str:
        return self._ask("POST", f"{_path(media_id)}/transcription", json={})["data"]["id"]

    def progress(self, job: str) -> Iterator[int]:
        deadline = time.monotonic() + _JOB_SECONDS
        while time.monotonic() < deadline:
            answer = self._ask("GET", f"/async-response/{job}", headers={"Prefer": "wait=0"})
            if answer["status"] == "done":
                return
            yield answer["data"]["percentage"]
            time.sleep(0.3)
        raise CommandError("The transcript was not ready in time; see demo.log.")

    def sentences(self, media_id: str) -> list[dict]:
        return self._ask("GET", f"{_path(media_id)}/transcription?segmenter=sentence")["data"]["transcript"]

    def _ask(self, method: str, path: str, *, headers: Mapping[str, str] = MappingProxyType({}), **body) -> dict:
        answer = self._http.request(method, self._base_url + path, headers={**self._key, **headers}, **body)
        found = answer.json()
        if not found.get("success"):
            raise CommandError(f"{method} {path.split('?')[0]} was refused: {found.get('message')}")
        return found


def _wait_until_ready(base_url: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise CommandError("Polyscribe did not start; demo.log says why. If `make serve` is running, end it first.")
        with suppress(urllib3.exceptions.HTTPError):
            if urllib3.request("GET", f"{base_url}/health/ready", retries=False, timeout=5).status == 200:
                return
        time.sleep(0.2)
    raise CommandError("Polyscribe was not ready in time; demo.log says why.")


def _path(media_id: str) -> str:
    return f"/{'video' if media_id.startswith('m-') else 'audio'}/{media_id}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _stop(server: subprocess.Popen) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(timeout=40)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
