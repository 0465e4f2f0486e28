import threading

import pytest
from django.db import connection

from media import fetching, services
from media.collections import default_collection
from media.models import Fetch, Media
from tests.core.loopback import Site, answer
from tests.dialects.videodb.conftest import complete
from tests.jobs import SPEECH
from transcription import removal
from transcription import services as transcription
from transcription.errors import Abandoned
from transcription.models import Transcription
from transcription.options import JobOptions

ROWS = [{"start": 0.0, "end": 0.4, "text": "Hello"}, {"start": 0.5, "end": 0.9, "text": "there."}]


def generated(rows: list[dict], text: str, language: str | None) -> dict:
    data = {
        "word_timestamps": rows,
        "transcript": rows,
        "text": text,
        "language_code": language,
        "success": True,
        "message": "Transcript generated successfully",
    }
    return {"success": True, "status": "done", "response": {"success": True, "data": data}, "data": data}


def failed(message: str) -> dict:
    told = {"success": False, "message": message}
    return {**told, "status": "failed", "response": told}


def processing(percentage: int) -> dict:
    return {"success": True, "status": "processing", "data": {"percentage": percentage}}


@pytest.fixture
def job(acme, video) -> Transcription:
    return transcription.request(acme, media=video, options=JobOptions())


@pytest.fixture
def site():
    served = Site(pages={"/talk.mp4": answer(200, (SPEECH / "video.mp4").read_bytes())})
    yield served
    served.close()


@pytest.fixture
def fetch(acme, site) -> Fetch:
    label = services.Label(name="talk", created_by="key_1")
    return fetching.request_fetch(default_collection(acme), url=f"{site.url}/talk.mp4", label=label)


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_waiting_job_is_processing(api, job, slash):
    response = api.get(f"/async-response/{job.public_id}{slash}")

    assert (response.status_code, response.json()) == (200, processing(0))


def test_a_running_job_says_how_far_it_is(api, job):
    claimed = transcription.claimed(job.pk, worker="test:1")
    transcription.beat(claimed, stage="transcribe", progress=41.7)

    assert api.get(f"/async-response/{job.public_id}").json() == processing(42)


def test_a_finished_job_brings_its_transcript(api, job):
    complete(job, "Hello there.")

    response = api.get(f"/async-response/{job.public_id}")

    assert response.json() == generated(ROWS, "Hello there.", "en")


def test_a_finished_job_brings_the_part_that_was_asked_for(api, job):
    complete(job, "Hello there.", "All is well.")

    response = api.get(f"/async-response/{job.public_id}?segmenter=sentence&start=5&length=1&force=false")

    rows = [{"start": 10.0, "end": 11.4, "text": "All is well."}]
    assert response.json() == generated(rows, "All is well.", "en")


def test_where_nobody_speaks_there_is_success_all_the_same(api, job):
    complete(job)

    assert api.get(f"/async-response/{job.public_id}").json() == generated([], "", None)


def test_a_failed_job_says_why_and_is_no_http_error(api, job):
    transcription.fail(transcription.claimed(job.pk, worker="test:1"), error=Abandoned())

    response = api.get(f"/async-response/{job.public_id}")

    message = "This job failed several times and was given up. Nothing was charged."
    assert (response.status_code, response.json()) == (200, failed(message))


def test_a_cancelled_job_has_failed(api, job):
    transcription.cancel(job)

    response = api.get(f"/async-response/{job.public_id}")

    assert (response.status_code, response.json()) == (200, failed("This job was cancelled."))


def test_a_deleted_job_is_gone(api, job):
    removal.delete_media(job.media)

    assert api.get(f"/async-response/{job.public_id}").status_code == 404


def test_a_fetch_is_processing(api, fetch):
    assert api.get(f"/async-response/{fetch.public_id}").json() == processing(0)


def test_a_fetch_says_how_far_it_is(api, fetch):
    Fetch.objects.filter(pk=fetch.pk).update(bytes_done=26, bytes_total=100)

    assert api.get(f"/async-response/{fetch.public_id}").json() == processing(26)


def test_a_finished_fetch_brings_the_medium(api, acme, fetch):
    fetching.run(fetch.public_id)

    response = api.get(f"/async-response/{fetch.public_id}").json()

    made = Media.of(acme).get()
    data = {
        "id": made.public_id,
        "collection_id": default_collection(acme).public_id,
        "name": "talk",
        "description": None,
        "size": "293536",
        "user_id": "key_1",
        "stream_url": response["data"]["stream_url"],
        "player_url": None,
        "thumbnail_url": None,
        "created_at": response["data"]["created_at"],
        "length": "20.1",
    }
    assert response == {"success": True, "status": "done", "response": {"success": True, "data": data}, "data": data}
    assert data["id"].startswith("m-")


def test_a_failed_fetch_says_why_and_is_no_http_error(api, fetch, site):
    site.pages["/talk.mp4"] = answer(404)
    fetching.run(fetch.public_id)

    response = api.get(f"/async-response/{fetch.public_id}")

    message = "The server at this address answered with status 404. Check that the link works without signing in."
    assert (response.status_code, response.json()) == (200, failed(message))


def test_what_was_fetched_and_deleted_has_failed(api, acme, fetch):
    fetching.run(fetch.public_id)
    removal.delete_media(Media.of(acme).get())

    response = api.get(f"/async-response/{fetch.public_id}")

    assert (response.status_code, response.json()) == (200, failed("This recording has been deleted."))


@pytest.mark.parametrize("work_id", ["trans_" + "0" * 32, "job-" + "0" * 32, "m-" + "0" * 32, "x"])
def test_unknown_work_is_missing(api, work_id):
    assert api.get(f"/async-response/{work_id}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_poll_waits_for_the_end(api, settings, job):
    settings.ASYNC_HOLD_SECONDS = 10
    worker = threading.Thread(target=_complete_elsewhere, args=[job])
    worker.start()

    response = api.get(f"/async-response/{job.public_id}")

    worker.join()
    assert response.json() == generated(ROWS, "Hello there.", "en")


def _complete_elsewhere(job: Transcription) -> None:
    complete(job, "Hello there.")
    connection.close()
