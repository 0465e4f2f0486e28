"""Bring a speech model onto this machine."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core import outbound
from core.errors import PolyscribeError
from transcription.engine import files
from transcription.engine.catalogue import MODELS, ModelInfo, resolve
from transcription.engine.errors import DamagedModel

_DEADLINE_SECONDS = 24 * 3600


class Command(BaseCommand):
    help = "Bring a speech model onto this machine. Without a name, list the models."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME", help="the model, for example base or large-v3-turbo")
        parser.add_argument(
            "--from",
            dest="source",
            type=Path,
            metavar="PATH",
            help="take the file from here instead of the internet: the file itself, or the directory it lies in",
        )

    def handle(self, *, name: str | None, source: Path | None, **options: Any) -> None:
        if name is None:
            self._list()
            return
        try:
            self._bring(resolve(name), source)
        except PolyscribeError as error:
            raise CommandError(error.message) from error

    def _list(self) -> None:
        for model in MODELS.values():
            here = "here" if model.path(settings.MODEL_DIR).is_file() else ""
            self.stdout.write(f"{model.name:20} {_megabytes(model.bytes):>9}  {here:4}  {model.description}")

    def _bring(self, info: ModelInfo, source: Path | None) -> None:
        if info.is_demo:
            self.stdout.write(f"The model {info.name} comes with Polyscribe: there is nothing to fetch.")
            return
        if self._is_here(info):
            self.stdout.write(f"The model {info.name} is already here, and its file is as published.")
            return
        if source is not None:
            path = files.take(info, settings.MODEL_DIR, source=source)
        else:
            path = files.receive(info, settings.MODEL_DIR, fill=lambda file, start: _download(info, file, start))
        self.stdout.write(f"{path} is the model {info.name} as published. Use it with WHISPER_MODEL={info.name}.")

    def _is_here(self, info: ModelInfo) -> bool:
        path = info.path(settings.MODEL_DIR)
        if not path.is_file():
            return False
        try:
            files.verify(path, info)
        except DamagedModel as error:
            self.stderr.write(f"{error.message} It is replaced now.")
            return False
        return True


def _download(info: ModelInfo, file: BinaryIO, start: int) -> None:
    with tqdm(
        desc=info.file_name, total=info.bytes, initial=start, unit="B", unit_scale=True, disable=None
    ) as progress:
        try:
            outbound.download(
                info.source,
                file,
                max_bytes=info.bytes,
                deadline_seconds=_DEADLINE_SECONDS,
                start=start,
                on_progress=lambda done, total: progress.update(done - progress.n),
            )
        except outbound.OutboundError as error:
            raise CommandError(
                f"{info.source} could not be fetched: {error.message}\n"
                "What has arrived is kept; the same command goes on from there.\n"
                "Without a connection: fetch the file at that address with another computer, bring "
                f"{info.file_name} here, and run: manage.py fetch_model {info.name} --from PATH"
            ) from error


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
