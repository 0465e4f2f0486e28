"""The vendor's own Python client, unmodified, against a web server and a cluster: only its base_url is another."""

import difflib
import json
import re

import pytest
import urllib3
import videodb
from videodb.audio import Audio
from videodb.exceptions import AuthenticationError, InvalidRequestError
from videodb.video import Video

from tests.core.loopback import Site, answer
from tests.jobs import SPEECH
from tests.live import running

pytestmark = pytest.mark.sdk

TRUTH = " ".join(sentence["text"] for sentence in json.loads((SPEECH / "video.json").read_text())["sentences"])
EXISTS = {"success": True, "message": "transcription already exists"}
GENERATED = {"success": True, "message": "Transcript generated successfully"}


def words(text: str) -> list[str]:
    return re.findall(r"[\w@.]+", text.lower())


def accuracy(text: str) -> float:
    """Return how much of what was said in video.mp4 is in `text`, from 0 to 1."""
    return difflib.SequenceMatcher(a=words(TRUTH), b=words(text), autojunk=False).ratio()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("live")) as live:
        yield live


@pytest.fixture
def conn(server) -> videodb.Connection:
    # One for each test: a connection remembers the last collection that it saw, also a deleted one.
    return connect(server)


def connect(server) -> videodb.Connection:
    return videodb.connect(api_key=server.key, base_url=server.base_url)


@pytest.fixture(scope="module")
def heard(server) -> Video:
    """An uploaded video with a transcript."""
    video = connect(server).upload(file_path=str(SPEECH / "video.mp4"))
    assert video.generate_transcript() == GENERATED
    return video


@pytest.fixture(scope="module")
def site():
    served = Site(
        pages={
            "/talk.mp4": answer(200, (SPEECH / "video.mp4").read_bytes()),
            "/text.mp4": answer(200, b"only text"),
            "/nothing.mp4": answer(404),
        }
    )
    yield served
    served.close()


def test_the_default_collection_is_there(server, conn):
    collection = conn.get_collection()

    assert (collection.id, collection.name, collection.is_public) == (server.collection, "Default", False)


def test_a_collection_lives_and_dies(conn):
    made = conn.create_collection("Talks", "Of 2024")
    conn.update_collection(made.id, "Better talks", "Of 2025")
    made.make_public()

    (found,) = [shelf for shelf in conn.get_collections() if shelf.id == made.id]
    made.delete()

    assert (found.name, found.description, found.is_public) == ("Better talks", "Of 2025", True)
    assert made.id not in [shelf.id for shelf in conn.get_collections()]


def test_a_file_becomes_a_video(conn, heard):
    assert heard.id.startswith("m-")
    assert (heard.name, heard.length, heard.collection_id) == ("video", 20.1, conn.get_collection().id)


def test_a_stream_can_be_read_and_sought(heard):
    response = urllib3.request("GET", heard.stream_url, headers={"Range": "bytes=100-199"})

    assert response.status == 206
    assert response.data == (SPEECH / "video.mp4").read_bytes()[100:200]


def test_a_url_becomes_a_video(conn, site):
    video = conn.upload(url=f"{site.url}/talk.mp4", name="fetched", description="From elsewhere")

    assert isinstance(video, Video)
    assert (video.name, video.description, video.length) == ("fetched", "From elsewhere", 20.1)


def test_a_source_may_be_a_url_or_a_path(conn, site):
    by_url = conn.get_collection().upload(f"{site.url}/talk.mp4")
    by_path = conn.get_collection().upload(str(SPEECH / "video.mp4"))

    assert (by_url.name, by_path.name) == ("talk.mp4", "video")


def test_a_media_type_picks_the_class(conn):
    as_audio = conn.upload(str(SPEECH / "video.mp4"), media_type="audio")
    as_video = conn.upload(str(SPEECH / "short.wav"), media_type="video")

    assert isinstance(as_audio, Audio)
    assert isinstance(as_video, Video)


def test_media_are_listed_found_renamed_and_deleted(conn):
    shelf = conn.create_collection("For one", "video")
    video = shelf.upload(str(SPEECH / "video.mp4"))
    video.update(name="renamed")

    listed = [(each.id, each.name) for each in shelf.get_videos()]
    found = shelf.get_video(video.id)
    video.delete()

    assert listed == [(video.id, "renamed")]
    assert (found.id, found.name) == (video.id, "renamed")
    assert shelf.get_videos() == shelf.get_audios() == shelf.get_images() == []


def test_a_deleted_video_is_gone(conn):
    video = conn.upload(str(SPEECH / "video.mp4"))
    conn.get_collection().delete_video(video.id)

    with pytest.raises(InvalidRequestError, match="There is nothing here under that id"):
        conn.get_collection().get_video(video.id)


def test_a_transcript_that_is_there_says_so(heard):
    assert heard.generate_transcript() == EXISTS


def test_a_transcript_is_made_again_by_force(conn):
    video = conn.upload(str(SPEECH / "video.mp4"))
    video.generate_transcript(language_code="en_us")

    assert video.generate_transcript(language_code="en_us", force=True) == GENERATED


def test_a_transcript_is_text(heard):
    assert accuracy(heard.get_transcript_text()) >= 0.8


def test_a_transcript_is_words(heard):
    rows = heard.get_transcript()

    assert accuracy(" ".join(row["text"] for row in rows)) >= 0.8
    assert all(row["start"] <= row["end"] <= 20.1 for row in rows)
    assert rows == sorted(rows, key=lambda row: row["start"])


def test_a_transcript_is_sentences(heard):
    rows = heard.get_transcript(segmenter="sentence")

    assert 5 <= len(rows) <= 8
    assert accuracy(" ".join(row["text"] for row in rows)) >= 0.8


@pytest.mark.parametrize("length", [1, 5])
def test_a_transcript_is_windows(heard, length):
    longest_word = max(row["end"] - row["start"] for row in heard.get_transcript())

    rows = heard.get_transcript(segmenter="time", length=length)

    assert all(row["end"] - row["start"] <= max(length, longest_word) for row in rows)
    assert accuracy(" ".join(row["text"] for row in rows)) >= 0.8


def test_a_part_of_a_transcript_is_that_part(heard):
    rows = heard.get_transcript(start=5, end=11)
    text = heard.get_transcript_text(start=5, end=11)

    assert text == " ".join(row["text"] for row in rows)
    assert all(row["end"] > 5 and row["start"] < 11 for row in rows)
    assert "airplane" in text
    assert "train" not in text


def test_reading_makes_the_transcript_that_is_missing(conn):
    video = conn.upload(str(SPEECH / "video.mp4"))

    rows = video.get_transcript(segmenter="sentence")

    assert 5 <= len(rows) <= 8
    assert accuracy(video.transcript_text) >= 0.8


def test_an_audio_is_heard(conn):
    audio = conn.upload(str(SPEECH / "short.wav"))

    assert isinstance(audio, Audio)
    assert audio.generate_transcript(language_code="en") == GENERATED
    assert "started" in audio.get_transcript_text()
    # An Audio keeps what it has read, in whatever cut, until it is forced.
    assert audio.get_transcript(segmenter="sentence", force=True)[0]["text"].startswith("Let us")


def test_an_audio_has_a_link(conn):
    audio = conn.upload(str(SPEECH / "short.wav"))

    response = urllib3.request("GET", audio.generate_url())

    assert (response.status, response.headers["Content-Type"]) == (200, "audio/wav")
    assert response.data == (SPEECH / "short.wav").read_bytes()


def test_an_audio_is_deleted(conn):
    audio = conn.upload(str(SPEECH / "short.wav"))
    audio.delete()

    assert audio.id not in [each.id for each in conn.get_collection().get_audios()]


def test_silence_has_a_transcript_without_words(conn):
    audio = conn.upload(str(SPEECH / "silence.wav"))

    told = audio.generate_transcript()

    assert (told["success"], told["message"]) == (True, "Transcript generated successfully")
    assert audio.get_transcript() == []
    assert audio.get_transcript_text() == ""


def test_a_removed_file_leaves_its_transcript(conn):
    video = conn.upload(str(SPEECH / "video.mp4"))
    video.generate_transcript()
    video.remove_storage()

    assert accuracy(video.get_transcript_text()) >= 0.8
    assert conn.get_collection().get_video(video.id).stream_url is None


def test_work_can_be_looked_up_by_its_id(server, conn, heard):
    ((job,),) = server.rows(
        "SELECT t.public_id FROM transcription_transcription t JOIN media_media m ON m.id = t.media_id "
        "WHERE m.public_id = %s",
        heard.id,
    )

    assert accuracy(conn.get_async_response(job)["text"]) >= 0.8


@pytest.mark.parametrize("key", ["sk-wrong", "sk-" + "A" * 49])
def test_a_wrong_key_is_an_authentication_error(server, key):
    with pytest.raises(AuthenticationError, match="This access key is not valid"):
        videodb.connect(api_key=key, base_url=server.base_url).get_collection()


def test_a_page_that_is_no_film_is_an_error_in_words(conn, site):
    with pytest.raises(InvalidRequestError, match="not an audio or video file"):
        conn.upload(url=f"{site.url}/text.mp4")


def test_a_missing_page_is_an_error_in_words(conn, site):
    with pytest.raises(InvalidRequestError, match="status 404"):
        conn.upload(url=f"{site.url}/nothing.mp4")


def test_a_private_address_is_an_error_in_words(conn):
    with pytest.raises(InvalidRequestError, match="not part of the public internet"):
        conn.upload(url="http://10.0.0.1/talk.mp4")


def test_a_file_that_is_no_film_is_an_error_in_words(conn, tmp_path):
    path = tmp_path / "talk.mp4"
    path.write_text("only text")

    with pytest.raises(InvalidRequestError, match="not an audio or video file"):
        conn.upload(file_path=str(path))


def test_an_unknown_language_is_an_error_in_words(conn, heard):
    with pytest.raises(InvalidRequestError, match="klingon"):
        heard.generate_transcript(language_code="klingon")


def test_what_is_not_spoken_here_is_an_error_in_words(heard):
    with pytest.raises(InvalidRequestError, match="There is nothing at this address"):
        heard.extract_scenes()


def test_a_file_may_come_in_chunks_of_no_length_told_before(server):
    pieces = iter(
        [
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="short.wav"\r\n\r\n',
            (SPEECH / "short.wav").read_bytes(),
            b"\r\n--b--\r\n",
        ]
    )
    headers = {"x-access-token": server.key, "Content-Type": "multipart/form-data; boundary=b"}

    answered = urllib3.request(
        "POST", f"{server.base_url}/collection/default/upload", body=pieces, headers=headers, retries=False
    )

    assert answered.json()["data"]["name"] == "short.wav"


def test_json_in_chunks_is_read(server):
    headers = {"x-access-token": server.key, "Content-Type": "application/json"}

    answered = urllib3.request(
        "POST", f"{server.base_url}/collection", body=iter([b'{"name": ', b'"Chunks"}']), headers=headers, retries=False
    )

    assert answered.json()["data"]["name"] == "Chunks"
