import pytest

from billing import queries as billing
from media import services
from media.collections import default_collection
from orgs.roles import Scope
from tests import factories, jobs
from tests.dialects.api import Api
from tests.dialects.videodb.conftest import unread_media
from transcription import services as transcription
from transcription.errors import Abandoned
from transcription.models import Transcription

EXISTS = {"success": True, "message": "transcription already exists"}
HELLO = [
    {"start": 0.0, "end": 0.4, "text": "Hello"},
    {"start": 0.5, "end": 0.9, "text": "there."},
    {"start": 1.0, "end": 1.4, "text": "How"},
    {"start": 1.5, "end": 1.9, "text": "are"},
    {"start": 2.0, "end": 2.4, "text": "you?"},
]
ALL = [
    {"start": 10.0, "end": 10.4, "text": "All"},
    {"start": 10.5, "end": 10.9, "text": "is"},
    {"start": 11.0, "end": 11.4, "text": "well."},
]
SENTENCES = [
    {"start": 0.0, "end": 0.9, "text": "Hello there."},
    {"start": 1.0, "end": 2.4, "text": "How are you?"},
    {"start": 10.0, "end": 11.4, "text": "All is well."},
]
TEXT = "Hello there. How are you? All is well."


def completed(rows: list[dict], text: str) -> dict:
    return {
        "success": True,
        "status": "completed",
        "data": {"word_timestamps": rows, "transcript": rows, "text": text, "language_code": "en"},
    }


def deferred(job: Transcription, query: str = "") -> dict:
    return {
        "success": True,
        "status": "processing",
        "request_type": "sync",
        "data": {"id": job.public_id, "output_url": f"http://testserver/async-response/{job.public_id}{query}"},
    }


@pytest.fixture(params=["video", "audio"])
def path(request, acme) -> str:
    """The address of the transcript of a medium of either kind."""
    clip = {"video": "video.mp4", "audio": "short.wav"}[request.param]
    return f"/{request.param}/{jobs.media(acme, clip).public_id}/transcription"


def test_a_transcript_is_asked_for(api, acme, path, key):
    response = api.call("POST", path, {"force": False, "language_code": None})

    job = Transcription.of(acme).get()
    assert response.json() == deferred(job)
    assert (job.language, job.dialect, job.requested_by) == ("", "videodb", key.key)


@pytest.mark.parametrize("body", [None, {}, {"engine": "default"}, {"engine": None, "force": None}], ids=str)
def test_nothing_need_be_said(api, acme, path, body):
    response = api.call("POST", path, body)

    assert response.json() == deferred(Transcription.of(acme).get())


@pytest.mark.parametrize(
    ("tag", "code"), [("en", "en"), ("en_us", "en"), ("en-US", "en"), ("de-AT", "de"), ("es_mx", "es"), ("", "")]
)
def test_a_language_is_understood(api, acme, path, tag, code, settings):
    api.call("POST", path, {"language_code": tag})

    assert Transcription.of(acme).get().language == code


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"language_code": "klingon"}, "language_code"),
        ({"language_code": 5}, "language_code"),
        ({"language_code": "e\x00n"}, "language_code"),
        ({"language_code": "en" + "-x" * 40}, "language_code"),
        ({"force": "perhaps"}, "force"),
        ({"force": [True]}, "force"),
        ({"force": {"languageCode": "klingon"}}, "language_code"),
        ({"force": {"languageCode": ["en"]}}, "language_code"),
        ({"force": {"force": "perhaps"}}, "force"),
        ({"engine": 5}, "engine"),
        ({"engine": "x" * 65}, "engine"),
        ({"callback_url": "nowhere"}, "callback_url"),
        ({"callback_url": "http://192.168.0.1/hook"}, "callback_url"),
        ({"callback_data": "x" * 9000}, "callback_data"),
        ({"callback_data": {"a": "\x00"}}, "callback_data"),
        ({"callback_data": ["\ud800"]}, "callback_data"),
    ],
    ids=ascii,
)
def test_nonsense_is_refused(api, acme, audio, body, named):
    response = api.call("POST", f"/audio/{audio.public_id}/transcription", body)

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")
    assert response.json()["message"].startswith(f"{named}: ")
    assert not Transcription.of(acme).exists()


def test_the_node_client_s_options_stand_in_force(api, acme, path):
    response = api.call("POST", path, {"force": {"languageCode": "en-GB"}})

    job = Transcription.of(acme).get()
    assert response.json() == deferred(job)
    assert (job.language, job.share_key is not None) == ("en", True)


def test_the_node_client_s_options_are_no_force(api, heard_video):
    response = api.call("POST", f"/video/{heard_video.public_id}/transcription", {"force": {}})

    assert response.json()["message"] == "transcription already exists"


def test_the_node_client_s_options_may_insist(api, heard_video):
    response = api.call("POST", f"/video/{heard_video.public_id}/transcription", {"force": {"force": True}})

    assert response.json()["status"] == "processing"


def test_asking_twice_joins_the_same_job(api, acme, path):
    first = api.call("POST", path, {"language_code": "en"})

    second = api.call("POST", path, {"language_code": "en_us"})

    assert first.json() == second.json() == deferred(Transcription.of(acme).get())


def test_who_names_no_language_is_content_with_any(api, acme, path):
    first = api.call("POST", path, {"language_code": "en"})

    second = api.call("POST", path)

    assert first.json() == second.json() == deferred(Transcription.of(acme).get())


def test_who_names_another_language_gets_another_transcript(api, acme, path):
    api.call("POST", path, {"language_code": "en"})

    api.call("POST", path, {"language_code": "de"})

    assert set(Transcription.of(acme).values_list("language", flat=True)) == {"en", "de"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_what_is_there_already_says_so(api, heard_video, slash):
    response = api.call("POST", f"/video/{heard_video.public_id}/transcription{slash}", {"force": False})

    assert response.json() == {**EXISTS, "data": EXISTS}


def test_what_is_there_already_is_made_again_by_force(api, acme, heard_video):
    response = api.call("POST", f"/video/{heard_video.public_id}/transcription", {"force": True})

    job = Transcription.of(acme).latest("pk")
    assert response.json() == deferred(job)
    assert job.state == "queued"


def test_too_few_synapses_say_how_many(api, acme, video):
    poor = factories.organization("Poor", synapses=5)
    media = jobs.media(poor, "video.mp4")

    response = Api(factories.key(poor).secret).call("POST", f"/video/{media.public_id}/transcription")

    assert response.status_code == 402
    assert response.json() == {
        "success": False,
        "message": "Not enough synapses: 21 required, 5 available. Add synapses and try again.",
        "error_code": "INSUFFICIENT_CREDITS",
        "request_id": response["X-Request-Id"],
    }


def test_a_key_at_its_cap_waits(acme, video):
    capped = Api(factories.key(acme, monthly_cap_synapses=5).secret)

    response = capped.call("POST", f"/video/{video.public_id}/transcription")

    assert (response.status_code, response.json()["error_code"]) == (429, "RATE_LIMITED")


def test_a_refused_job_costs_nothing(acme, video):
    capped = Api(factories.key(acme, monthly_cap_synapses=5).secret)

    capped.call("POST", f"/video/{video.public_id}/transcription")

    assert billing.balance(acme).held == 0
    assert not Transcription.of(acme).exists()


def test_a_removed_file_cannot_be_heard(api, video):
    services.remove_file(video)

    response = api.call("POST", f"/video/{video.public_id}/transcription")

    assert (response.status_code, response.json()["error_code"]) == (409, "CONFLICT")


def test_a_video_without_sound_says_so(api, acme):
    media = unread_media(default_collection(acme), "video", name="mute", audio_codec="")

    response = api.call("POST", f"/video/{media.public_id}/transcription")

    assert (response.status_code, response.json()["message"]) == (400, "There is no audio track in this file.")


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_transcript_is_read_word_by_word(api, heard_video, slash):
    response = api.get(f"/video/{heard_video.public_id}/transcription{slash}")

    assert response.json() == completed(HELLO + ALL, TEXT)


@pytest.mark.parametrize(
    ("query", "rows", "text"),
    [
        ("segmenter=word&length=1&force=false", HELLO + ALL, TEXT),
        ("start=0&end=-1", HELLO + ALL, TEXT),
        ("start=10", ALL, "All is well."),
        ("end=5", HELLO, "Hello there. How are you?"),
        ("start=0.9&end=1.5", [HELLO[2]], "How"),
        ("start=0.7&end=1.2", HELLO[1:3], "there. How"),
        ("start=3&end=3", [], ""),
        ("start=100", [], ""),
        ("segmenter=sentence", SENTENCES, TEXT),
        ("segmenter=sentence&start=5", SENTENCES[2:], "All is well."),
        ("segmenter=sentence&force=true", SENTENCES, TEXT),
        (
            "segmenter=time&length=5",
            [{"start": 0.0, "end": 2.4, "text": "Hello there. How are you?"}, SENTENCES[2]],
            TEXT,
        ),
        (
            "segmenter=time&length=1&start=10",
            [{"start": 10.0, "end": 10.9, "text": "All is"}, ALL[2]],
            "All is well.",
        ),
    ],
)
def test_a_transcript_is_cut_as_it_is_asked_for(api, heard_video, query, rows, text):
    response = api.get(f"/video/{heard_video.public_id}/transcription?{query}")

    assert response.json() == completed(rows, text)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("segmenter=paragraph", "segmenter"),
        ("segmenter=", "segmenter"),
        ("start=-1", "start"),
        ("start=x", "start"),
        ("start=nan", "start"),
        ("start=inf", "start"),
        ("start=%00", "start"),
        ("end=-0.5", "end"),
        ("end=-2", "end"),
        ("end=1e999", "end"),
        ("start=5&end=4", "end"),
        ("length=0", "length"),
        ("length=-1", "length"),
        ("length=nan", "length"),
        ("length=" + "1" * 2000, "length"),
    ],
)
def test_a_transcript_is_not_cut_by_nonsense(api, heard_video, query, named):
    response = api.get(f"/video/{heard_video.public_id}/transcription?{query}")

    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_REQUEST")
    assert response.json()["message"].startswith(f"{named}: ")


def test_a_transcript_that_is_not_there_is_made(api, acme, path):
    response = api.get(path)

    assert response.json() == deferred(Transcription.of(acme).get())


def test_whoever_follows_the_link_gets_the_part_that_was_asked_for(api, acme, path):
    response = api.get(f"{path}?segmenter=sentence&start=1&length=1&force=false")

    job = Transcription.of(acme).get()
    assert response.json() == deferred(job, "?segmenter=sentence&start=1&length=1")


def test_reading_twice_makes_one_job(api, acme, path):
    assert api.get(path).json() == api.get(path).json() == deferred(Transcription.of(acme).get())


def test_reading_joins_a_job_in_another_language(api, acme, path):
    api.call("POST", path, {"language_code": "de"})

    assert api.get(path).json() == deferred(Transcription.of(acme).get())


def test_reading_makes_nothing_for_a_key_that_may_only_read(acme, path):
    reader = Api(factories.key(acme, scopes=[Scope.READ]).secret)

    response = reader.get(path)

    assert (response.status_code, response.json()["error_code"]) == (403, "FORBIDDEN")
    assert not Transcription.of(acme).exists()


def test_a_key_that_may_only_read_reads(acme, heard_video):
    reader = Api(factories.key(acme, scopes=[Scope.READ]).secret)

    assert reader.get(f"/video/{heard_video.public_id}/transcription").json() == completed(HELLO + ALL, TEXT)


def test_a_transcript_in_the_making_does_not_hide_the_last_one(api, acme, heard_video):
    api.call("POST", f"/video/{heard_video.public_id}/transcription", {"force": True})

    response = api.get(f"/video/{heard_video.public_id}/transcription")

    assert response.json() == completed(HELLO + ALL, TEXT)


def test_a_failed_job_is_followed_by_another(api, acme, video):
    job = jobs.claimed_job(acme, media=video)
    transcription.fail(job, error=Abandoned())

    response = api.get(f"/video/{video.public_id}/transcription")

    assert response.json() == deferred(Transcription.of(acme).latest("pk"))
    assert Transcription.of(acme).count() == 2
