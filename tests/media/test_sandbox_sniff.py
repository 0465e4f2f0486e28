"""The first bytes tell the container, whatever stands in front, and refuse what only looks alike."""

import os

import pytest

from media.errors import NotMedia
from media.sandbox.sniff import container_of
from tests.media import clips, hostile

MPEG_RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]


@pytest.fixture
def sniff(tmp_path):
    def told_from(content: bytes) -> str:
        path = tmp_path / "file"
        path.write_bytes(content)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return container_of(descriptor)
        finally:
            os.close(descriptor)

    return told_from


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("rate", MPEG_RATES)
def test_mp3_is_told_at_every_sample_rate(rate, layout, tmp_path, sniff):
    recipe = clips.Recipe("mp3", "libmp3lame", "mp3", rate=rate, layout=layout)

    assert sniff(clips.make(tmp_path / "clip", recipe).read_bytes()) == "mp3"


@pytest.mark.parametrize("rate", MPEG_RATES[3:])
def test_layer_two_counts_as_mp3(rate, tmp_path, sniff):
    recipe = clips.Recipe("mp2", "mp2", "mp3", rate=rate)

    assert sniff(clips.make(tmp_path / "clip", recipe).read_bytes()) == "mp3"


@pytest.mark.parametrize("rate", [7_350, *MPEG_RATES, 64_000, 88_200, 96_000])
def test_aac_is_told_at_every_sample_rate(rate, tmp_path, sniff):
    recipe = clips.Recipe("adts", "aac", "aac", rate=rate)

    assert sniff(clips.make(tmp_path / "clip", recipe).read_bytes()) == "aac"


@pytest.mark.parametrize("brand", [b"isom", b"mp42", b"M4A ", b"M4V ", b"qt  ", b"3gp5", b"dash", b"iso6", b"avc1"])
def test_films_of_every_brand_are_mp4(brand, sniff):
    assert sniff(hostile.box(b"ftyp", brand + bytes(4))) == "mp4"


@pytest.mark.parametrize("first", [b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"])
def test_films_without_a_brand_are_mp4(first, sniff):
    assert sniff(hostile.box(first, bytes(100))) == "mp4"


@pytest.mark.parametrize("brand", [b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_still_pictures_in_the_same_boxes_are_refused(brand, sniff):
    with pytest.raises(NotMedia):
        sniff(hostile.box(b"ftyp", brand + bytes(100)))


@pytest.mark.parametrize("magic", [b"RIFF", b"RIFX", b"RF64", b"BW64"])
def test_wave_files_of_every_size_are_told(magic, sniff):
    assert sniff(magic + b"\xff\xff\xff\xffWAVEfmt ") == "wav"


@pytest.mark.parametrize("frames", [1, 2])
def test_a_frame_or_two_by_chance_are_no_recording(frames, tmp_path, sniff):
    recipe = clips.Recipe("mp3", "libmp3lame", "mp3", rate=16_000)
    mp3 = clips.make(tmp_path / "clip", recipe, options={"id3v2_version": "0", "write_xing": "0"}).read_bytes()
    frame_bytes = mp3.index(mp3[:2], 2)

    with pytest.raises(NotMedia):
        sniff(mp3[: frame_bytes * frames] + b" and then some text" * 100)


@pytest.mark.parametrize("name", clips.RECIPES)
def test_every_beginning_of_a_recording_is_told_or_refused(name, tmp_path, sniff):
    recipe = clips.RECIPES[name]
    whole = clips.make(tmp_path / "clip", recipe, seconds=0.5).read_bytes()

    told = {hostile.outcome(lambda length=length: sniff(whole[:length])) for length in range(1, 300)}

    assert told <= {None, NotMedia}
    assert sniff(whole) == recipe.container
