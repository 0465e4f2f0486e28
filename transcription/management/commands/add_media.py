"""Bring in files that lie on this machine, for those who moved in with an archive."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import NotFound, PolyscribeError
from media import services
from media.collections import find_collection
from media.models import Collection
from orgs.queries import find_organization
from transcription import services as transcription
from transcription.options import JobOptions


class Command(BaseCommand):
    help = "Add media files from this machine to an organization, and ask for their transcripts if wanted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--org", required=True, metavar="ORG_ID", help="public id of the organization")
        parser.add_argument("--collection", default="default", metavar="ID")
        parser.add_argument("--transcribe", action="store_true", help="also ask for a transcript of each")
        parser.add_argument("--language", default="", help="language of the recordings; found out when not given")

    def handle(self, *, paths: list[Path], org: str, collection: str, **wishes) -> None:
        try:
            owner = find_organization(org)
        except NotFound as error:
            raise CommandError(error.message) from None
        refused = 0
        for path in paths:
            try:
                made = self._add(find_collection(owner, collection), path, wishes)
            except (PolyscribeError, OSError) as error:
                self.stderr.write(f"{path}: {error}")
                refused += 1
            else:
                self.stdout.write(json.dumps(made))
        if refused:
            raise CommandError(f"{refused} of {len(paths)} files were not added.")

    def _add(self, collection: Collection, path: Path, wishes: dict) -> dict[str, str]:
        with path.open("rb") as file:
            media = services.add_file(collection, file=file, label=services.Label(name=path.name))
        made = {"media": media.public_id}
        if wishes["transcribe"]:
            options = JobOptions(language=wishes["language"])
            made["transcription"] = transcription.request(collection.org, media=media, options=options).public_id
        return made
