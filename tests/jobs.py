"""Recordings and jobs for tests, made through the services that make them in the product."""

from pathlib import Path

from media import services as media_services
from media.collections import default_collection
from media.models import Media
from orgs.models import Organization
from transcription import services as transcription
from transcription.engine.base import Block, BlockResult, Word
from transcription.engine.base import Segment as EngineSegment
from transcription.models import Transcription
from transcription.options import JobOptions

SPEECH = Path(__file__).parent / "speech"


def media(org: Organization, clip: str = "short.wav", *, name: str = "") -> Media:
    """A clip of tests/speech, brought in like any file."""
    with (SPEECH / clip).open("rb") as file:
        return media_services.add_file(
            default_collection(org), file=file, label=media_services.Label(name=name or clip)
        )


def heard(block: int, text: str, *, start: float = 0.0, language: str = "en") -> BlockResult:
    """What an engine would say of one block: one segment, a word each half second."""
    words = tuple(
        Word(start=start + at / 2, end=start + at / 2 + 0.4, text=word, confidence=0.9)
        for at, word in enumerate(text.split())
    )
    segment = EngineSegment(
        start=start,
        end=words[-1].end,
        text=text,
        words=words,
        tokens=(1, 2, 3),
        avg_logprob=-0.1,
        temperature=0.0,
        compression_ratio=1.0,
        no_speech_prob=0.05,
    )
    return BlockResult(segments=(segment,), language=language, language_probability=0.99)


def claimed_job(org: Organization, *, media: Media, **wishes) -> Transcription:
    """A job that a worker has taken."""
    job = transcription.request(org, media=media, options=JobOptions(), **wishes)
    return transcription.claimed(job.pk, worker="test:1")


def finished_job(org: Organization, *, media: Media, texts: tuple[str, ...] = ("Hello there.",)) -> Transcription:
    """A job whose blocks said `texts`, ten seconds apart."""
    job = claimed_job(org, media=media)
    blocks = [Block(n, n * 10.0, n * 10.0 + 8, 0.9) for n in range(len(texts))]
    transcription.plan(job, seconds=media.seconds, blocks=blocks)
    for block, text in zip(blocks, texts, strict=True):
        result = heard(block.index, text, start=block.start_seconds)
        transcription.checkpoint(job, index=block.index, result=result, progress=50)
    transcription.finish(job, seconds=media.seconds, device="cpu")
    job.refresh_from_db()
    return job
