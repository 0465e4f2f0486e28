"""Serve the web and run the cluster, in one go, on one machine."""

import signal
import subprocess
import time
from contextlib import suppress

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import servers, web
from config.schema import missing_migrations
from config.supervisor import folder, processes
from config.supervisor.folder import AlreadySupervised
from transcription.engine import catalogue

_TICK_SECONDS = 0.1


class Command(BaseCommand):
    help = "Serve the APIs and run the cluster, until Ctrl-C or SIGTERM. Run `migrate` first."

    def handle(self, **options) -> None:
        if missing := missing_migrations():
            raise CommandError(f"The database lacks {len(missing)} migrations: run `manage.py migrate` first.")
        self._announce()
        self._stop_asked = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        children = {"The web server": _start(servers.WEB), "The cluster": _start(servers.CLUSTER)}
        try:
            while not self._stop_asked:
                for name, child in children.items():
                    if child.poll() is not None:
                        raise CommandError(f"{name} ended by itself (exit code {child.returncode}); so the rest ends.")
                time.sleep(_TICK_SECONDS)
        finally:
            _stop(*children.values())
            _end_orphans()

    def _announce(self) -> None:
        self.stdout.write(f"Polyscribe listens on http://{web.bind} (Ctrl-C ends it).")
        if catalogue.resolve(settings.WHISPER_MODEL).is_demo:
            self.stdout.write(
                "The demo model is in use: it shows how everything works, and knows only its own few sentences.\n"
                "For real speech: manage.py fetch_model base, then WHISPER_MODEL=base."
            )
        self.stdout.flush()

    def _ask_to_stop(self, *signal_and_frame) -> None:
        self._stop_asked = True


def _start(command: tuple[str, ...]) -> subprocess.Popen:
    # In sessions of their own a Ctrl-C reaches only this process, which passes it on in good order.
    return subprocess.Popen(
        command,
        env=servers.environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=processes.die_with_parent,
    )


def _stop(*children: subprocess.Popen) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + web.graceful_timeout + settings.DRAIN_SECONDS
    for child in children:
        try:
            child.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()


def _end_orphans() -> None:
    """End the workers that a killed supervisor left behind, unless they have a new one already."""
    with suppress(AlreadySupervised), folder.alone():
        processes.end(folder.mark())
