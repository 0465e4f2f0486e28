"""Write a transcript to a file or to the terminal."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import NotFound, PolyscribeError
from media.models import Media
from orgs.queries import find_organization
from transcription import queries
from transcription.formats import FORMATS
from transcription.models import Transcript


class Command(BaseCommand):
    help = "Export the newest transcript of a recording as text, captions or JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("media", metavar="MEDIA_ID")
        parser.add_argument("--org", required=True, metavar="ORG_ID")
        parser.add_argument("--format", choices=FORMATS, default="txt", dest="name")
        parser.add_argument("--to", type=Path, metavar="FILE", help="the terminal when not given")

    def handle(self, *, media: str, org: str, name: str, to: Path | None, **options) -> None:
        try:
            transcript = _find(org, media)
        except PolyscribeError as error:
            raise CommandError(error.message) from None
        pieces = FORMATS[name].write(queries.segments(transcript).iterator(chunk_size=500))
        if to is None:
            self.stdout.writelines(pieces)
            return
        with to.open("w", encoding="utf-8") as file:
            file.writelines(pieces)


def _find(org: str, media: str) -> Transcript:
    transcript = queries.latest_transcript(Media.of(find_organization(org)).named(media))
    if transcript is None:
        raise NotFound("There is no finished transcript of this recording.")
    return transcript
