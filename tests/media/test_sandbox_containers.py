"""Every admitted container, probed and decoded for real."""

import json
from pathlib import Path

import numpy as np
import pytest

from media import sandbox
from media.sandbox import AudioStream, Probe, VideoStream
from tests.media import clips, hostile

SPEECH = sorted((Path(__file__).parents[1] / "speech").glob("*.json"))
CODECS = {"libmp3lame": "mp3", "libopus": "opus", "libx264": "h264", "libvpx": "vp8"}
# The sound of an mp4 is whole AAC frames of 1024 samples, whatever its header cuts off; at 16 kHz one is 64 ms.
SPEECH_SLACK_SECONDS = 0.065


@pytest.fixture(scope="module", params=clips.RECIPES.values(), ids=clips.RECIPES.keys())
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def clip(recipe, tmp_path_factory):
    """Two seconds of a tone, under a name that tells nothing."""
    return clips.make(tmp_path_factory.mktemp("clips") / "clip.txt", recipe)


@pytest.fixture
def to(tmp_path):
    return tmp_path / "decoded.pcm"


def test_every_admitted_container_has_a_recipe():
    assert {recipe.container for recipe in clips.RECIPES.values()} == sandbox.CONTAINERS


def test_probe_tells_what_is_inside(recipe, clip):
    found = sandbox.probe(clip, timeout_seconds=10)

    assert found == Probe(
        container=recipe.container,
        seconds=pytest.approx(2.0, abs=recipe.slack_seconds),
        audio=AudioStream(CODECS.get(recipe.audio, recipe.audio), recipe.rate, recipe.channels),
        video=recipe.video and VideoStream(CODECS.get(recipe.video, recipe.video), 64, 48, recipe.fps),
    )
    assert found.kind == ("video" if recipe.video else "audio")


def test_decoded_length_is_that_of_the_recording(recipe, clip, to):
    decoded = sandbox.decode(clip, to, max_seconds=60, timeout_seconds=10)

    assert decoded.seconds == pytest.approx(2.0, abs=recipe.slack_seconds)
    assert to.stat().st_size == 4 * decoded.samples


def test_decoded_sound_is_the_tone_that_was_recorded(recipe, clip, to):
    sandbox.decode(clip, to, max_seconds=60, timeout_seconds=10)

    second = np.fromfile(to, "<f4")[8_000:24_000]
    assert np.argmax(np.abs(np.fft.rfft(second))) == clips.TONE_HERTZ
    assert np.abs(second).max() == pytest.approx(clips.TONE_PEAK, abs=0.05)


@pytest.mark.parametrize("truth", SPEECH, ids=lambda path: path.stem)
def test_speech_decodes_to_its_true_length(truth, to):
    clip = json.loads(truth.read_text())

    decoded = sandbox.decode(truth.with_name(clip["file"]), to, max_seconds=1_000, timeout_seconds=60)

    assert decoded.seconds == pytest.approx(clip["duration"], abs=SPEECH_SLACK_SECONDS)


def test_blu_ray_transport_streams_are_read(tmp_path, to):
    path = clips.make(tmp_path / "clip", clips.RECIPES["mpegts"], options={"mpegts_m2ts_mode": "1"})

    decoded = sandbox.decode(path, to, max_seconds=60, timeout_seconds=10)

    assert decoded.seconds == pytest.approx(2.0, abs=clips.UNTOLD_PADDING_SECONDS)


@pytest.mark.parametrize("name", ["mp3", "aac", "flac"])
def test_tags_with_a_large_cover_may_stand_in_front(name, tmp_path, to):
    path = clips.make(tmp_path / "clip", clips.RECIPES[name])
    cover = hostile.picture("png", pixels="rgb24")
    path.write_bytes(hostile.id3(cover=cover, padding=300_000) + hostile.id3() + path.read_bytes())

    found = sandbox.probe(path, timeout_seconds=10)
    decoded = sandbox.decode(path, to, max_seconds=60, timeout_seconds=10)

    assert (found.container, found.kind) == (name, "audio")
    assert decoded.seconds == pytest.approx(2.0, abs=clips.UNTOLD_PADDING_SECONDS)


@pytest.mark.parametrize("name", ["mp3", "aac", "mpegts"])
def test_a_recording_may_begin_in_the_middle_of_a_frame(name, tmp_path, to):
    path = clips.make(tmp_path / "clip", clips.RECIPES[name])
    path.write_bytes(path.read_bytes()[1_000:])

    decoded = sandbox.decode(path, to, max_seconds=60, timeout_seconds=10)

    assert decoded.seconds == pytest.approx(2.0, abs=0.2)


def test_a_film_without_sound_is_probed_as_video(tmp_path):
    path = clips.make_silent_film(tmp_path / "clip")

    found = sandbox.probe(path, timeout_seconds=10)

    assert (found.kind, found.audio) == ("video", None)


def test_fonts_and_odd_names_inside_a_film_do_not_matter(tmp_path, to):
    path = hostile.with_attachments(tmp_path / "clip", names=[f"../../../etc/cron.d/{n}\n" for n in range(40)])

    decoded = sandbox.decode(path, to, max_seconds=60, timeout_seconds=10)

    assert decoded.seconds == pytest.approx(0.1)


def test_loud_and_senseless_floats_come_out_as_sound(tmp_path, to):
    samples = np.tile(np.float32([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.5]), 4_000)
    path = tmp_path / "clip"
    path.write_bytes(hostile.wav(samples=samples.tobytes()))

    sandbox.decode(path, to, max_seconds=60, timeout_seconds=10)

    assert np.abs(np.fromfile(to, "<f4")).max() <= 1


@pytest.mark.parametrize(
    ("muxer", "encoder"),
    [
        ("ipod", "alac"),
        ("matroska", "ac3"),
        ("matroska", "wavpack"),
        ("mpegts", "eac3"),
        ("vob", "ac3"),
        ("avi", "libmp3lame"),
        ("wav", "libmp3lame"),
        ("wav", "adpcm_ms"),
        ("wav", "pcm_alaw"),
        ("wav", "pcm_s24le"),
        ("wav", "pcm_u8"),
        ("mov", "adpcm_ima_qt"),
    ],
)
def test_other_encodings_are_decoded(muxer, encoder, tmp_path, to):
    path = clips.make(tmp_path / "clip", clips.Recipe(muxer, encoder, "any"))

    decoded = sandbox.decode(path, to, max_seconds=60, timeout_seconds=10)

    assert decoded.seconds == pytest.approx(2.0, abs=clips.UNTOLD_PADDING_SECONDS)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6, 7, 8])
def test_every_usual_number_of_channels_is_mixed_down(channels, tmp_path, to):
    path = tmp_path / "clip"
    path.write_bytes(hostile.wav(frames=1_600, channels=channels))

    assert sandbox.decode(path, to, max_seconds=60, timeout_seconds=10).samples == 1_600


def test_the_shape_of_the_sound_may_change_on_the_way(tmp_path, to):
    options = {"id3v2_version": "0", "write_xing": "0"}
    wide = clips.make(tmp_path / "wide", clips.Recipe("mp3", "libmp3lame", "mp3"), options=options)
    narrow = clips.make(
        tmp_path / "narrow", clips.Recipe("mp3", "libmp3lame", "mp3", rate=16_000, layout="mono"), options=options
    )
    both = tmp_path / "both"
    both.write_bytes(wide.read_bytes() + narrow.read_bytes())

    decoded = sandbox.decode(both, to, max_seconds=60, timeout_seconds=10)

    assert decoded.seconds == pytest.approx(4.0, abs=0.3)
