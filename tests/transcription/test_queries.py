import pytest

from billing.queries import balance
from core.errors import NotFound
from media import collections
from media.models import Media
from tests import jobs
from transcription import queries, removal, services
from transcription.models import Segment, Transcript, Transcription
from transcription.options import JobOptions


@pytest.fixture
def recording(acme):
    return jobs.media(acme, "short.wav")


@pytest.fixture
def transcript(acme, recording):
    job = jobs.finished_job(acme, media=recording, texts=("Hello there. How are", "you today? Fine."))
    return queries.transcript_of(job)


def test_text_joins_the_segments(transcript):
    assert queries.text(transcript) == "Hello there. How are you today? Fine."


def test_words_come_in_order_with_their_confidence(transcript):
    words = list(queries.words(transcript))

    assert [word.text for word in words] == ["Hello", "there.", "How", "are", "you", "today?", "Fine."]
    assert (words[4].start, words[4].end, words[4].confidence) == (10.0, 10.4, 0.9)


def test_a_window_keeps_the_words_that_overlap_it(transcript):
    assert [word.text for word in queries.words(transcript, start=0.5, end=10.2)] == ["there.", "How", "are", "you"]


def test_the_text_of_a_window_is_that_of_its_words(transcript):
    assert queries.text(transcript, start=10.5) == "today? Fine."


def test_a_window_beyond_the_end_is_empty(transcript):
    assert list(queries.words(transcript, start=3600)) == []


def test_sentences_end_at_punctuation_and_silence(transcript):
    shown = [row.text for row in queries.sentences(transcript)]

    assert shown == ["Hello there.", "How are", "you today?", "Fine."]


def test_rows_are_cut_to_length(transcript):
    assert [row.text for row in queries.windows(transcript, length=1)] == [
        "Hello there.",
        "How are",
        "you today?",
        "Fine.",
    ]


def test_an_edit_is_shown_in_the_place_of_the_original(transcript):
    edit = Transcript.objects.create(job=transcript.job, kind=Transcript.Kind.EDITED, revision=1)
    newer = Transcript.objects.create(job=transcript.job, kind=Transcript.Kind.EDITED, revision=2)

    assert queries.transcript_of(transcript.job) == newer != edit


def test_a_job_without_a_transcript_says_so(acme, recording):
    job = services.request(acme, media=recording, options=JobOptions())

    with pytest.raises(NotFound):
        queries.transcript_of(job)


def test_the_latest_transcript_is_that_of_the_newest_finished_job(acme, recording):
    jobs.finished_job(acme, media=recording, texts=("Old.",))
    newer = jobs.finished_job(acme, media=recording, texts=("New.",))
    services.request(acme, media=recording, options=JobOptions())

    assert queries.latest_transcript(recording).job == newer


def test_a_finished_job_is_later_than_a_newer_one_under_way(acme, recording):
    finished = jobs.finished_job(acme, media=recording)
    services.request(acme, media=recording, options=JobOptions())

    assert queries.latest_job(recording) == finished


def test_a_job_under_way_is_the_latest_while_none_is_finished(acme, recording):
    job = services.request(acme, media=recording, options=JobOptions())

    assert queries.latest_job(recording) == job


def test_anothers_job_looks_missing(acme, globex, recording):
    job = jobs.finished_job(acme, media=recording)

    with pytest.raises(NotFound):
        queries.find_job(globex, job.public_id)


def test_live_segments_are_there_before_the_job_is_done(acme, recording):
    job = jobs.claimed_job(acme, media=recording)
    services.plan(job, seconds=11.03, blocks=[])
    services.checkpoint(job, index=0, result=jobs.heard(0, "First."), progress=10)
    services.checkpoint(job, index=1, result=jobs.heard(1, "Second."), progress=20)

    later = list(queries.live_segments(job, after_block=0))

    assert [(index, result.segments[0].text) for index, result in later] == [(1, "Second.")]


@pytest.fixture
def ten_hours(acme, recording):
    """A transcript of 30,000 words."""
    transcript = queries.transcript_of(jobs.finished_job(acme, media=recording, texts=()))
    Segment.objects.bulk_create(
        Segment(
            transcript=transcript,
            index=n,
            start=n * 12.0,
            end=n * 12.0 + 10,
            text=" ".join(f"word{n}.{at}" for at in range(10)),
            words=[
                {"start": n * 12.0 + at, "end": n * 12.0 + at + 0.9, "text": f"word{n}.{at}", "confidence": 1.0}
                for at in range(10)
            ],
        )
        for n in range(3000)
    )
    return transcript


def test_a_minute_of_ten_hours_reads_a_minute(ten_hours, django_assert_num_queries):
    with django_assert_num_queries(1):
        words = list(queries.words(ten_hours, start=30_000, end=30_060))

    assert len(words) == 50
    assert queries.segments(ten_hours, start=30_000, end=30_060).count() == 5


def test_all_words_of_ten_hours_are_one_query(ten_hours, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert sum(1 for _ in queries.words(ten_hours)) == 30_000


def test_the_planner_uses_an_index_for_a_window(ten_hours):
    plan = queries.segments(ten_hours, start=30_000, end=30_060).explain()

    assert "segment_" in plan


def test_deleting_a_recording_cancels_its_jobs_and_frees_their_holds(acme, recording):
    services.request(acme, media=recording, options=JobOptions())

    removal.delete_media(recording)

    assert not Transcription.of(acme).exists()
    assert balance(acme).available == 10_000


def test_deleting_a_collection_deletes_what_is_in_it(acme, recording):
    shelf = collections.create_collection(acme, name="Shelf")
    Media.of(acme).update(collection=shelf)

    removal.delete_collection(shelf)

    assert not Media.of(acme).exists()


def test_the_default_collection_stays(acme, recording):
    with pytest.raises(collections.DefaultCollectionStays):
        removal.delete_collection(collections.default_collection(acme))

    assert Media.of(acme).exists()
