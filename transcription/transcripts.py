"""Turn a job's checkpoints into its transcript."""

from collections import Counter

from transcription.engine.base import BlockResult
from transcription.engine.base import Segment as EngineSegment
from transcription.models import Segment, Transcript, Transcription

_BATCH = 500


def write_original(job: Transcription) -> Transcript:
    """Write what the engine heard as the original transcript of `job`, in the caller's transaction."""
    transcript = Transcript.objects.create(job=job, kind=Transcript.Kind.ORIGINAL)
    spoken: Counter[str] = Counter()
    rows, index = [], 0
    # Checkpoints are read and segments written in batches: a ten-hour file has many thousands of each.
    for checkpoint in job.checkpoints.order_by("index").iterator(chunk_size=_BATCH):
        result = BlockResult.from_json(checkpoint.result)
        for segment in result.segments:
            spoken[result.language] += segment.end - segment.start
            rows.append(_row(transcript, index, segment, result.language))
            index += 1
        if len(rows) >= _BATCH:
            Segment.objects.bulk_create(rows)
            rows = []
    Segment.objects.bulk_create(rows)
    if spoken:
        transcript.language = spoken.most_common(1)[0][0]
        transcript.save(update_fields=["language"])
    return transcript


def _row(transcript: Transcript, index: int, segment: EngineSegment, language: str) -> Segment:
    return Segment(
        transcript=transcript,
        index=index,
        start=segment.start,
        end=segment.end,
        text=segment.text,
        language=language,
        words=[word.to_json() for word in segment.words],
        tokens=list(segment.tokens),
        avg_logprob=segment.avg_logprob,
        temperature=segment.temperature,
        compression_ratio=segment.compression_ratio,
        no_speech_prob=segment.no_speech_prob,
    )
