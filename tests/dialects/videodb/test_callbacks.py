"""What is posted to a `callback_url`, by the deliveries that carry it."""

import json

import pytest

from media import fetching
from media.models import Fetch, Media
from orgs.delivery import send
from orgs.models import Delivery
from tests.core.loopback import Site, answer
from tests.dialects.videodb.conftest import complete
from tests.dialects.videodb.test_async_response import ROWS, failed, generated
from tests.dialects.videodb.test_uploading import UPLOAD, clip
from tests.jobs import SPEECH
from tests.orgs.receiver import Receiver
from transcription import services as transcription
from transcription.errors import Abandoned
from transcription.models import Transcription


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def wanted(receiver) -> dict:
    """What a request says that wants to be told."""
    return {"callback_url": receiver.hook, "callback_data": {"mine": [1, "zwei", None]}}


@pytest.fixture
def job(api, acme, video, wanted) -> Transcription:
    api.call("POST", f"/video/{video.public_id}/transcription", wanted)
    return Transcription.of(acme).get()


def posted(acme, receiver) -> dict:
    """Let the deliveries of acme go out, and return the one that came."""
    for delivery in Delivery.of(acme).all():
        send(delivery.pk)
    (request,) = receiver.requests
    assert request.headers["content-type"] == "application/json"
    return json.loads(request.body)


def test_a_finished_transcript_is_posted(acme, job, receiver):
    complete(job, "Hello there.")

    told = posted(acme, receiver)

    assert told == generated(ROWS, "Hello there.", "en") | {"callback_data": {"mine": [1, "zwei", None]}}


def test_a_failed_transcript_is_posted(acme, job, receiver):
    transcription.fail(transcription.claimed(job.pk, worker="test:1"), error=Abandoned())

    told = posted(acme, receiver)

    message = "This job failed several times and was given up. Nothing was charged."
    assert told == failed(message) | {"callback_data": {"mine": [1, "zwei", None]}}


def test_a_cancelled_transcript_is_posted(acme, job, receiver):
    transcription.cancel(job)

    told = posted(acme, receiver)

    assert told == failed("This job was cancelled.") | {"callback_data": {"mine": [1, "zwei", None]}}


def test_a_fetched_medium_is_posted(api, acme, wanted, receiver):
    site = Site(pages={"/talk.mp4": answer(200, (SPEECH / "video.mp4").read_bytes())})
    api.call("POST", UPLOAD, {"url": f"{site.url}/talk.mp4", **wanted})
    fetching.run(Fetch.of(acme).get().public_id)
    site.close()

    told = posted(acme, receiver)

    assert told["data"]["id"] == Media.of(acme).get().public_id
    assert told["data"]["stream_url"].startswith("http://testserver/files/")
    assert told["response"] == {"success": True, "data": told["data"]}
    assert (told["success"], told["status"]) == (True, "done")
    assert told["callback_data"] == {"mine": [1, "zwei", None]}


def test_a_fetch_that_failed_is_posted(api, acme, wanted, receiver):
    site = Site(pages={"/talk.mp4": answer(200, b"no film at all")})
    api.call("POST", UPLOAD, {"url": f"{site.url}/talk.mp4", **wanted})
    fetching.run(Fetch.of(acme).get().public_id)
    site.close()

    told = posted(acme, receiver)

    message = "This is not an audio or video file of a kind that can be read here."
    assert told == failed(message) | {"callback_data": {"mine": [1, "zwei", None]}}


def test_a_medium_that_was_there_at_once_is_posted(api, acme, receiver):
    api.post(UPLOAD, {"file": clip("short.wav"), "callback_url": receiver.hook, "callback_data": ""})

    told = posted(acme, receiver)

    assert told["data"]["id"] == Media.of(acme).get().public_id
    assert told["callback_data"] == ""


@pytest.mark.parametrize("data", [b"1e400", b"[-1e999]", b'{"a": NaN}'])
def test_numbers_that_no_database_keeps_are_refused(api, acme, video, receiver, data):
    body = b'{"callback_url": "%s", "callback_data": %s}' % (receiver.hook.encode(), data)

    response = api.call("POST", f"/video/{video.public_id}/transcription", body)

    assert response.status_code == 400
    assert not Transcription.of(acme).exists()
