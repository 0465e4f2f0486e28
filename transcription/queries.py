"""Ask about jobs and read transcripts."""

from collections.abc import Iterator
from math import inf

from django.db.models import QuerySet

from core.errors import NotFound
from media.models import Media
from orgs.models import Organization
from transcription import sentences as views
from transcription.engine.base import BlockResult
from transcription.models import Segment, Transcript, Transcription
from transcription.sentences import Row


def find_job(org: Organization, public_id: str) -> Transcription:
    """Return a job with its recording, by its public id. Raises NotFound."""
    return Transcription.of(org).select_related("media", "org").named(public_id)


def latest_job(media: Media, *, task: str = "transcribe") -> Transcription | None:
    """Return the newest finished job on `media`, else the newest that is under way, else None."""
    jobs = media.transcriptions.filter(task=task).order_by("-pk")
    return jobs.filter(state=Transcription.State.COMPLETED).first() or jobs.filter(state__in=Transcription.OPEN).first()


def transcript_of(job: Transcription) -> Transcript:
    """Return the transcript that readers of a finished job see: the newest edit, else what the machine heard.

    Raises NotFound when there is none yet.
    """
    shown = job.transcripts.filter(kind__in=[Transcript.Kind.ORIGINAL, Transcript.Kind.EDITED])
    transcript = shown.order_by("kind", "-revision").first()  # "edited" sorts before "original"
    if transcript is None:
        raise NotFound("There is no transcript yet.")
    return transcript


def latest_transcript(media: Media) -> Transcript | None:
    """Return the transcript of the newest finished job on `media`, or None."""
    finished = media.transcriptions.filter(task="transcribe", state=Transcription.State.COMPLETED)
    job = finished.order_by("-pk").first()
    return transcript_of(job) if job else None


def segments(transcript: Transcript, *, start: float = 0, end: float = inf) -> QuerySet[Segment]:
    """Return the segments that overlap the window from `start` to `end` seconds, in order."""
    rows = transcript.segments.filter(end__gt=start) if start > 0 else transcript.segments.all()
    return (rows.filter(start__lt=end) if end < inf else rows).order_by("index")


def words(transcript: Transcript, *, start: float = 0, end: float = inf) -> Iterator[Row]:
    """Yield the words that overlap the window, in order. Segments are streamed: 30,000 words need no list."""
    columns = segments(transcript, start=start, end=end).values_list("words", flat=True)
    for row in columns.iterator(chunk_size=200):
        for word in row:
            if word["end"] > start and word["start"] < end:
                yield Row(word["start"], word["end"], word["text"], word.get("speaker"), word.get("confidence"))


def sentences(transcript: Transcript, *, start: float = 0, end: float = inf) -> Iterator[Row]:
    """Yield the sentences of the words in the window."""
    return views.sentences(words(transcript, start=start, end=end))


def windows(transcript: Transcript, *, length: float, start: float = 0, end: float = inf) -> Iterator[Row]:
    """Yield the words in the window as rows of at most `length` seconds."""
    return views.windows(words(transcript, start=start, end=end), length=length)


def text(transcript: Transcript, *, start: float = 0, end: float = inf) -> str:
    """Return what is said in the window as one line of text."""
    if start <= 0 and end == inf:
        return views.join_text(transcript.segments.order_by("index").values_list("text", flat=True))
    return views.join_text(word.text for word in words(transcript, start=start, end=end))


def live_segments(job: Transcription, *, after_block: int = -1) -> Iterator[tuple[int, BlockResult]]:
    """Yield what has been heard so far by a job that is still running, block by block."""
    rows = job.checkpoints.filter(index__gt=after_block).order_by("index").values_list("index", "result")
    for index, result in rows.iterator(chunk_size=200):
        yield index, BlockResult.from_json(result)
