"""Media: brought in, told what is in them, renamed, let go."""

import io
import json
import tempfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile

from core.errors import NotFound, Unsupported
from media import services, storage
from media.errors import EmptyFile, FileTooLarge, NotMedia
from media.models import Blob, Collection, Media, Upload
from media.services import Label
from tests.media.recordings import add, files, make_older, tone

SPEECH = Path(__file__).parents[1] / "speech"
CLIPS = {
    "feelings.ogg": ("audio", "ogg", "opus"),
    "german.mp3": ("audio", "mp3", "mp3"),
    "panel.m4a": ("audio", "mp4", "aac"),
    "short.wav": ("audio", "wav", "pcm_s16le"),
    "video.mp4": ("video", "mp4", "aac"),
}
PLAYLIST = b"#EXTM3U\n#EXTINF:3,\nfile:///etc/passwd\n"
LONG = "ß" * 501


def opened(path: Path, **_) -> io.BufferedReader:
    return path.open("rb")


def temporary_upload(path: Path, **_) -> TemporaryUploadedFile:
    upload = TemporaryUploadedFile("../../../etc/passwd", "text/html", 0, None)
    upload.write(path.read_bytes())
    return upload


def small_upload(path: Path, **_) -> InMemoryUploadedFile:
    return InMemoryUploadedFile(io.BytesIO(path.read_bytes()), "file", "/etc/passwd", "text/html", 0, None)


def in_memory(path: Path, **_) -> io.BytesIO:
    return io.BytesIO(path.read_bytes())


def nameless(path: Path, *, folder: Path) -> io.BufferedRandom:
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    file.write(path.read_bytes())
    return file


def with_a_lying_name(path: Path, **_) -> io.BytesIO:
    file = in_memory(path)
    file.name = str(SPEECH / "video.mp4")
    return file


@pytest.mark.parametrize("clip", CLIPS)
def test_a_recording_is_known_by_what_is_in_it(clip, shelf):
    kind, container, codec = CLIPS[clip]
    said = json.loads((SPEECH / clip).with_suffix(".json").read_text())

    with (SPEECH / clip).open("rb") as file:
        media = add(shelf, file)

    media.refresh_from_db()
    assert (media.kind, media.container, media.audio_codec) == (kind, container, codec)
    assert media.seconds == pytest.approx(said["duration"], abs=0.1)
    assert media.bytes == media.blob.bytes == (SPEECH / clip).stat().st_size
    assert (media.org, media.collection) == (shelf.org, shelf)


def test_a_video_tells_of_its_picture(shelf):
    with (SPEECH / "video.mp4").open("rb") as file:
        media = add(shelf, file)

    assert media.video_codec == "h264"
    assert (media.width, media.height) == (320, 180)
    assert media.frames_per_second > 0


def test_sound_has_no_picture(shelf):
    media = add(shelf)

    assert (media.video_codec, media.width, media.height, media.frames_per_second) == ("", None, None, None)


@pytest.mark.parametrize(
    "bring", [opened, temporary_upload, small_upload, in_memory, nameless, with_a_lying_name], ids=lambda f: f.__name__
)
def test_a_file_is_read_wherever_it_lies_and_whatever_its_name(bring, shelf, tmp_path):
    with bring(SPEECH / "short.wav", folder=tmp_path) as file:
        media = add(shelf, file)

    assert media.container == "wav"
    with storage.reading(media.blob) as kept:
        assert kept.read() == (SPEECH / "short.wav").read_bytes()


def test_an_upload_on_disk_is_not_copied_to_be_looked_into(shelf, settings):
    file = temporary_upload(SPEECH / "short.wav")
    settings.FILE_UPLOAD_TEMP_DIR = "/nowhere"

    found = services.look_into(file)

    assert found.container == "wav"


def test_looking_leaves_nothing_behind(shelf, settings):
    add(shelf, tone())

    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


@pytest.mark.parametrize(("kind", "prefix"), [("video", "m-"), ("audio", "a-"), ("", "a-")])
def test_the_kind_asked_for_stands(kind, prefix, shelf):
    media = add(shelf, kind=kind)

    assert media.kind == (kind or "audio")
    assert media.public_id.startswith(prefix)


@pytest.mark.parametrize("kind", ["image", "film", "AUDIO"])
def test_there_are_no_other_kinds(kind):
    with pytest.raises(Unsupported):
        Label(kind=kind)


def test_a_label_is_kept(shelf):
    media = add(shelf, name="Board meeting", description="Line one\nline two", created_by="key_1")

    media.refresh_from_db()
    assert (media.name, media.description, media.created_by) == ("Board meeting", "Line one\nline two", "key_1")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", "Untitled"),
        ("\0", "Untitled"),
        ("a\0b", "ab"),
        ("half a pair \ud83d", "half a pair "),
        ("whole pair \U0001f3a4", "whole pair \U0001f3a4"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        (LONG, "ß" * 500),
    ],
)
def test_a_name_is_made_fit_to_be_kept(given, kept, shelf):
    media = add(shelf, name=given, description=given)

    media.refresh_from_db()
    assert media.name == kept
    assert "\0" not in media.description


def test_the_same_file_twice_is_two_media_and_one_content(shelf, disk):
    first, second = add(shelf), add(shelf)

    assert first.public_id != second.public_id
    assert len(files(disk)) == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFile),
        (b"x", NotMedia),
        (b"hello world" * 1000, NotMedia),
        (PLAYLIST, NotMedia),
        (b"x" * 100_001, FileTooLarge),
    ],
    ids=["empty", "one byte", "text", "playlist", "too large"],
)
def test_what_is_no_media_is_refused_and_not_kept(content, error, shelf, disk, settings):
    settings.MEDIA_MAX_BYTES = 100_000

    with pytest.raises(error):
        add(shelf, io.BytesIO(content))

    assert not Media.objects.exists()
    assert not Blob.objects.exists()


def test_what_is_no_media_is_refused_before_it_is_read_to_its_end(shelf):
    class Counting(io.BytesIO):
        def getbuffer(self):
            raise AssertionError("hashed before it was known to be media")

    with pytest.raises(NotMedia):
        services.add_file(shelf, file=Counting(PLAYLIST), label=Label())


def from_a_file(shelf: Collection, also: services.Also) -> Media:
    return services.add_file(shelf, file=tone(), label=Label(), also=also)


def from_an_upload(shelf: Collection, also: services.Also) -> Media:
    upload = services.fill_upload(services.open_upload(shelf.org), file=tone())
    return services.add_blob(shelf, blob=upload.blob, label=Label(), also=also)


@pytest.mark.parametrize("bring", [from_a_file, from_an_upload])
def test_what_belongs_to_a_medium_is_written_with_it(bring, shelf):
    seen = []

    media = bring(shelf, seen.append)

    assert seen == [media] == [Media.objects.get()]


@pytest.mark.parametrize("bring", [from_a_file, from_an_upload])
def test_a_medium_comes_with_what_belongs_to_it_or_not_at_all(bring, shelf):
    def fail(media: Media) -> None:
        raise Unsupported

    with pytest.raises(Unsupported):
        bring(shelf, fail)

    assert not Media.objects.exists()


def test_a_file_for_a_collection_that_is_gone_is_refused(shelf):
    type(shelf).objects.all().delete()

    with pytest.raises(NotFound):
        add(shelf)


def test_an_upload_is_opened_and_filled(shelf):
    upload = services.open_upload(shelf.org, name="minutes")

    filled = services.fill_upload(upload, file=io.BytesIO(b"anything"), file_name="a.wav")

    stored = Upload.objects.get()
    assert filled.blob == stored.blob
    assert filled.blob.bytes == 8
    assert filled.name == stored.name == "minutes"


def test_an_upload_without_a_name_takes_the_files(acme, disk):
    filled = services.fill_upload(services.open_upload(acme), file=tone(), file_name="a\0.wav")

    assert filled.name == Upload.objects.get().name == "a.wav"


@pytest.mark.parametrize("name", [LONG, "a\0" * 600])
def test_an_uploads_name_is_made_fit_to_be_kept(name, acme, disk):
    services.open_upload(acme, name=name)
    services.fill_upload(services.open_upload(acme), file=tone(), file_name=name)

    assert [len(upload.name) for upload in Upload.objects.all()] == [500, 500]


def test_a_second_file_replaces_the_first(acme, disk):
    upload = services.open_upload(acme)
    services.fill_upload(upload, file=io.BytesIO(b"first"))

    services.fill_upload(upload, file=io.BytesIO(b"second"))
    storage.sweep()

    assert files(disk) == [b"second"]


def test_the_same_file_again_changes_nothing(acme, disk):
    upload = services.open_upload(acme)
    first = services.fill_upload(upload, file=io.BytesIO(b"same")).blob

    second = services.fill_upload(upload, file=io.BytesIO(b"same")).blob
    storage.sweep()

    assert first == second
    assert files(disk) == [b"same"]


@pytest.mark.parametrize("content", [b"", b"12345678901"])
def test_an_upload_refuses_what_is_empty_or_too_large(content, acme, disk, settings):
    settings.MEDIA_MAX_BYTES = 10
    upload = services.open_upload(acme)

    with pytest.raises((EmptyFile, FileTooLarge)):
        services.fill_upload(upload, file=io.BytesIO(content))

    assert Upload.objects.get().blob is None


def test_an_expired_upload_is_not_filled(acme, disk):
    upload = services.open_upload(acme)
    make_older(upload, "expires_at", days=2)

    with pytest.raises(NotFound):
        services.fill_upload(upload, file=tone())
    storage.sweep()

    assert files(disk) == []


def test_an_upload_that_is_gone_is_not_filled(acme, disk):
    upload = services.open_upload(acme)
    Upload.objects.all().delete()

    with pytest.raises(NotFound):
        services.fill_upload(upload, file=tone())


def test_a_filled_upload_becomes_a_medium(shelf, disk):
    upload = services.fill_upload(services.open_upload(shelf.org), file=tone())

    media = services.add_blob(shelf, blob=upload.blob, label=Label(name="From a link", kind="video"))

    assert (media.blob, media.name, media.kind, media.container) == (upload.blob, "From a link", "video", "wav")
    assert len(files(disk)) == 1


def test_a_filled_upload_that_is_no_media_is_refused(shelf):
    upload = services.fill_upload(services.open_upload(shelf.org), file=io.BytesIO(PLAYLIST))

    with pytest.raises(NotMedia):
        services.add_blob(shelf, blob=upload.blob, label=Label())


def test_another_organizations_content_is_not_there(shelf, globex):
    theirs = services.fill_upload(services.open_upload(globex), file=tone())

    with pytest.raises(NotFound):
        services.add_blob(shelf, blob=theirs.blob, label=Label())


def test_content_that_was_swept_meanwhile_is_not_there(shelf):
    upload = services.fill_upload(services.open_upload(shelf.org), file=tone())
    blob = upload.blob
    upload.delete()
    storage.sweep()

    with pytest.raises(storage.FileRemoved):
        services.add_blob(shelf, blob=blob, label=Label())


def test_a_medium_is_renamed(shelf):
    media = add(shelf)

    services.rename_media(media, name="New\0 name")

    media.refresh_from_db()
    assert media.name == "New name"


def test_a_medium_that_is_gone_is_not_renamed(shelf):
    media = add(shelf)
    Media.objects.all().delete()

    with pytest.raises(NotFound):
        services.rename_media(media, name="New name")


def test_decoding_corrects_the_duration(shelf):
    media = add(shelf)

    services.note_seconds(media, seconds=12.5)

    media.refresh_from_db()
    assert media.seconds == 12.5


def test_a_removed_file_leaves_the_medium(shelf, disk):
    media = add(shelf)

    services.remove_file(media)
    storage.sweep()

    assert media.blob is None
    assert Media.objects.get().blob is None
    assert files(disk) == []


def test_a_file_is_removed_twice_without_harm_to_others(shelf, disk):
    media, other = add(shelf), add(shelf)

    services.remove_file(media)
    services.remove_file(media)
    storage.sweep()

    other.refresh_from_db()
    assert other.blob is not None
    assert len(files(disk)) == 1


def test_a_deleted_medium_takes_its_file_along(shelf, disk):
    media = add(shelf)

    services.delete_media(media)
    storage.sweep()

    assert not Media.objects.exists()
    assert files(disk) == []
