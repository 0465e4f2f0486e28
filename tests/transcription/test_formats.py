"""The same segments in every format."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.formats import FORMATS, clock
from transcription.models import Segment

SEGMENTS = [
    Segment(
        start=0.4,
        end=1.73,
        text=" Let us get started.",
        language="en",
        words=[{"start": 0.4, "end": 0.7, "text": "Let", "confidence": 0.99, "speaker": None}],
    ),
    Segment(start=3661.5, end=3663.25, text="Tom & <Ada> say: -->", language="en", speaker="Ada"),
]

EXPECTED = {
    "txt": "Let us get started.\nTom & <Ada> say: -->\n",
    "srt": (
        "1\n00:00:00,400 --> 00:00:01,730\nLet us get started.\n\n"
        "2\n01:01:01,500 --> 01:01:03,250\nTom & <Ada> say: -->\n\n"
    ),
    "vtt": (
        "WEBVTT\n\n"
        "00:00:00.400 --> 00:00:01.730\nLet us get started.\n\n"
        "01:01:01.500 --> 01:01:03.250\n<v Ada>Tom &amp; &lt;Ada&gt; say: --&gt;\n\n"
    ),
}


def written(name: str, segments: list[Segment]) -> str:
    return "".join(FORMATS[name].write(segments))


@pytest.mark.parametrize("name", EXPECTED)
def test_segments_are_written_as(name):
    assert written(name, SEGMENTS) == EXPECTED[name]


def test_json_tells_everything():
    rows = json.loads(written("json", SEGMENTS))["segments"]

    assert rows[0] == {
        "start": 0.4,
        "end": 1.73,
        "text": "Let us get started.",
        "language": "en",
        "speaker": None,
        "words": SEGMENTS[0].words,
    }
    assert rows[1]["speaker"] == "Ada"


@pytest.mark.parametrize(
    ("name", "nothing"), [("txt", ""), ("srt", ""), ("vtt", "WEBVTT\n\n"), ("json", '{"segments": [\n]}\n')]
)
def test_silence_is_a_valid_file(name, nothing):
    assert written(name, []) == nothing


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_what_it_is(name):
    assert "/" in FORMATS[name].content_type


def test_a_long_caption_is_broken_into_lines():
    text = "Maria from Initech will compare our difficult loan in Geneva on Wednesday."

    *_, first, second, _, _ = written("srt", [Segment(start=0, end=4, text=text)]).split("\n")

    assert (first, second) == ("Maria from Initech will compare our", "difficult loan in Geneva on Wednesday.")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "00:00:00.000"),
        (59.9994, "00:00:59.999"),
        (59.9996, "00:01:00.000"),
        (36_000, "10:00:00.000"),
        (-1, "00:00:00.000"),
    ],
)
def test_a_clock_rounds_to_milliseconds(seconds, shown):
    assert clock(seconds) == shown


@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
def test_whatever_is_said_captions_keep_their_shape(texts):
    segments = [Segment(start=n, end=n + 1, text=text) for n, text in enumerate(texts)]

    cues = written("srt", segments).split("\n\n")[:-1]

    assert [cue.split("\n")[0] for cue in cues] == [str(n + 1) for n in range(len(texts))]
    assert all(" --> " in cue.split("\n")[1] for cue in cues)
