"""Files that are no media, name other files, lie or are broken: refused, or read for what they really hold."""

import os
import random
import struct
import time

import av
import pytest

from core.errors import Invalid, TooLarge, Unsupported
from media import errors, sandbox
from media.sandbox import process
from tests.media import clips, hostile

PICTURES = {"png": "rgb24", "mjpeg": "yuvj420p", "gif": "rgb8", "bmp": "bgr24", "tiff": "rgb24"}
MP4_HEAD = b"\0\0\0\x18ftypisom\0\0\0\0isomiso2"
NO_MEDIA = {
    "text": b"The free encyclopedia says: this is a song.\n" * 500,
    "json": b'{"RIFF": "WAVE"}' * 100,
    "html": b"<!doctype html><video src=/etc/passwd></video>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "subtitles": b"1\n00:00:00,000 --> 00:00:01,000\nHello.\n\n" * 100,
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "dash": b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>',
    "imf": b'<?xml version="1.0"?><CompositionPlaylist><Id>urn:uuid:1</Id></CompositionPlaylist>',
    "hls behind a tag": hostile.id3() + b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "hls behind a byte order mark": b"\xef\xbb\xbf#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "tags without end": b"ID3\x04\0\0\x7f\x7f\x7f\x7f" * 100,
    "zip": b"PK\3\4" + bytes(2_000),
    "gzip": b"\x1f\x8b\x08" + bytes(2_000),
    "pdf": b"%PDF-1.7\n" + b" " * 2_000,
    "program": b"\x7fELF" + bytes(2_000),
    "zeros": bytes(100_000),
    "ones": b"\xff" * 100_000,
    "webp": b"RIFF\x24\0\0\0WEBPVP8 " + bytes(100),
    "avif": b"\0\0\0\x20ftypavif" + bytes(1_000),
    "heic": b"\0\0\0\x20ftypheic" + bytes(1_000),
    "one byte": b"R",
    "half a header": b"RIFF",
    **{f"picture: {codec}": hostile.picture(codec, pixels=pixels) for codec, pixels in PICTURES.items()},
    **{f"noise {seed}": random.Random(seed).randbytes(200_000) for seed in range(8)},
}
LISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n",
    "hls by address": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\nfile://{folder}/{secret}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {secret}\n",
    "concat by address": "ffconcat version 1.0\nfile file://{folder}/{secret}\n",
}


@pytest.fixture
def upload(tmp_path):
    """Write what somebody uploads, and say where it lies."""

    def write(content: bytes):
        path = tmp_path / "upload.mp3"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def to(tmp_path):
    return tmp_path / "decoded.pcm"


@pytest.fixture
def secret(tmp_path):
    """A recording of somebody else, beside the upload."""
    return clips.make(tmp_path / "secret.ts", clips.RECIPES["mpegts"])


def probe(path):
    return sandbox.probe(path, timeout_seconds=10)


def decode(path, to):
    return sandbox.decode(path, to, max_seconds=3_600, timeout_seconds=10)


@pytest.mark.parametrize("content", NO_MEDIA.values(), ids=NO_MEDIA.keys())
def test_what_is_no_media_is_refused(content, upload, to):
    path = upload(content)

    with pytest.raises(errors.NotMedia):
        probe(path)
    with pytest.raises(errors.NotMedia):
        decode(path, to)
    assert not to.exists()


def test_an_empty_file_is_called_empty(upload, to):
    path = upload(b"")

    with pytest.raises(errors.EmptyFile):
        probe(path)
    with pytest.raises(errors.EmptyFile):
        decode(path, to)


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS.keys())
def test_a_list_of_other_files_is_refused(text, secret, upload, to):
    path = upload(text.format(secret=secret.name, folder=secret.parent).encode())

    with pytest.raises(errors.NotMedia):
        decode(path, to)
    assert not to.exists()


@pytest.mark.parametrize("name", ["hls", "concat"])
def test_libav_alone_would_have_read_the_other_file(name, secret, tmp_path):
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(LISTS[name].format(secret=secret.name))

    with av.open(str(playlist), format=name) as container:
        assert next(container.decode(audio=0)).samples > 0


@pytest.mark.parametrize("name", LISTS)
def test_a_child_told_to_read_a_list_reads_nothing(name, secret, upload, to):
    path = upload(LISTS[name].format(secret=secret.name, folder=secret.parent).encode())

    with path.open("rb") as media, to.open("wb") as output:
        answer = process.run(
            "decode",
            arguments={
                "media": media.fileno(),
                "demuxer": name.split()[0],
                "output": output.fileno(),
                "limit_samples": 1_000_000,
            },
            descriptors=(media.fileno(), output.fileno()),
            output_bytes=4_000_000,
            timeout_seconds=10,
        )

    assert answer == {"refused": "damaged"}
    assert to.read_bytes() == b""


@pytest.mark.parametrize("recipe", [clips.Recipe("mov", "pcm_s16le", "mp4")])
def test_sound_that_lies_in_another_file_is_not_fetched(recipe, upload, tmp_path, to):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\x11\x22" * 400_000)
    film = clips.make(tmp_path / "film", recipe).read_bytes()
    path = upload(hostile.with_external_reference(film, secret))

    with pytest.raises(errors.Damaged):
        decode(path, to)
    assert not to.exists()


def test_libav_told_to_follow_references_would_have_fetched_it(upload, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\x11\x22" * 400_000)
    film = clips.make(tmp_path / "film", clips.Recipe("mov", "pcm_s16le", "mp4")).read_bytes()
    path = upload(hostile.with_external_reference(film, secret))

    with av.open(str(path), container_options={"enable_drefs": "1", "use_absolute_path": "1"}) as container:
        assert set(next(container.decode(audio=0)).to_ndarray().flat) == {0x2211}


def test_a_film_without_sound_cannot_be_decoded(tmp_path, to):
    path = clips.make_silent_film(tmp_path / "film")

    with pytest.raises(errors.NoAudio):
        decode(path, to)


def test_a_film_that_lost_its_index_is_damaged(upload, tmp_path, to):
    film = clips.make(tmp_path / "film", clips.RECIPES["mp4"]).read_bytes()
    path = upload(hostile.without_box(film, b"moov"))

    with pytest.raises(errors.Damaged):
        probe(path)
    with pytest.raises(errors.Damaged):
        decode(path, to)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((name, {}) for name in clips.RECIPES if name not in ("m4a", "mp4", "mov")),
        *((name, {"movflags": "faststart"}) for name in ("m4a", "mp4", "mov")),
    ],
)
def test_a_file_that_was_cut_off_counts_as_far_as_it_goes(name, options, upload, tmp_path, to):
    whole = clips.make(tmp_path / "whole", clips.RECIPES[name], seconds=4, options=options).read_bytes()

    decoded = decode(upload(whole[: len(whole) * 2 // 3]), to)

    assert 1 < decoded.seconds < 3.9


def test_a_cut_with_no_sound_before_it_is_damaged(upload, tmp_path, to):
    whole = clips.make(tmp_path / "whole", clips.RECIPES["wav"]).read_bytes()

    with pytest.raises(errors.Damaged):
        decode(upload(whole[:78]), to)


@pytest.mark.parametrize("claimed_bytes", [0, 1 << 30, 0x7FFF_FFFF, 0xFFFF_FFF0, 0xFFFF_FFFF])
def test_a_wave_header_is_not_believed(claimed_bytes, upload, to):
    path = upload(hostile.wav(frames=16_000, claimed_bytes=claimed_bytes))

    assert decode(path, to).samples == 16_000


def test_a_film_header_is_not_believed(upload, tmp_path, to):
    film = clips.make(tmp_path / "film", clips.RECIPES["mov"]).read_bytes()
    path = upload(hostile.with_longer_header(film, factor=1_000))

    assert decode(path, to).seconds == pytest.approx(2)


def test_a_flac_header_is_not_believed(upload, tmp_path, to):
    flac = bytearray(clips.make(tmp_path / "whole", clips.RECIPES["flac"]).read_bytes())
    flac[22:26] = struct.pack(">I", 0xFFFF_FFFF)  # the low 32 of the 36 bits that count samples (RFC 9639, 8.2)
    path = upload(bytes(flac))

    assert probe(path).seconds > 90_000
    assert decode(path, to).seconds == pytest.approx(2)


@pytest.mark.parametrize(
    "shape",
    [
        {"rate": 0},
        {"rate": 1},
        {"rate": 999},
        {"rate": 0xFFFF_FFFF},
        {"channels": 0},
        {"channels": 25},
        {"channels": 65_535},
    ],
    ids=str,
)
def test_absurd_shapes_of_sound_are_damaged(shape, upload, to):
    path = upload(hostile.wav(frames=10, **shape))

    with pytest.raises(errors.Damaged):
        probe(path)
    with pytest.raises(errors.Damaged):
        decode(path, to)


def test_sixteen_tracks_are_read_and_seventeen_refused(tmp_path, to):
    most, more = (hostile.many_tracks(tmp_path / f"film{tracks}", tracks=tracks) for tracks in (16, 17))

    assert decode(most, to).seconds == pytest.approx(0.1)
    with pytest.raises(errors.TooManyTracks):
        probe(more)
    with pytest.raises(errors.TooManyTracks):
        decode(more, to)


@pytest.mark.parametrize("tracks", [1_000])
def test_a_thousand_tracks_are_refused(tracks, tmp_path):
    path = hostile.many_tracks(tmp_path / "film", tracks=tracks, empty=True)

    with pytest.raises((errors.TooManyTracks, errors.Damaged)):
        probe(path)


def test_tracks_without_sound_in_them_are_damaged(tmp_path, to):
    path = hostile.many_tracks(tmp_path / "film", tracks=9, empty=True)

    with pytest.raises(errors.Damaged):
        decode(path, to)


def test_an_encoding_that_nobody_records_with_is_refused(upload, to):
    # 0x0270 is Sony's ATRAC3.
    path = upload(hostile.wav(frames=4_000, sort=0x0270))

    with pytest.raises(errors.UnknownCodec):
        decode(path, to)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path, to):
    path = tmp_path / "upload.mp3"
    os.mkfifo(path)
    start = time.monotonic()

    with pytest.raises(errors.NotMedia):
        probe(path)
    with pytest.raises(errors.NotMedia):
        decode(path, to)
    assert time.monotonic() - start < 1


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(errors.NotMedia):
        probe(tmp_path)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.NotMedia(), Unsupported),
        (errors.UnknownCodec(), Unsupported),
        (errors.TooManyTracks(), Unsupported),
        (errors.EmptyFile(), Invalid),
        (errors.NoAudio(), Invalid),
        (errors.Damaged(), Invalid),
        (errors.SandboxTimeout(), Invalid),
        (errors.TooLong(limit_seconds=36_000), TooLarge),
        (errors.FileTooLarge(limit_bytes=5_000_000), TooLarge),
    ],
    ids=lambda value: value.code,
)
def test_every_refusal_is_a_kind_with_a_sentence(error, kind):
    assert isinstance(error, kind)
    assert error.code != kind.code
    assert error.message.endswith(".")


def test_limits_are_named_in_words():
    assert errors.TooLong(limit_seconds=36_000).message == "This recording is longer than the limit of 10:00:00."
    assert (
        errors.FileTooLarge(limit_bytes=5_000_000).message == "This file is larger than the limit of 5,000,000 bytes."
    )
