"""What goes into the engine and comes out of it can be stored and read again."""

import json

import pytest

from transcription.engine.base import Block, BlockResult, Options, Segment, Word

WORD = Word(start=1.25, end=1.5, text="Grüße,", confidence=0.97, speaker="anna")
SEGMENT = Segment(
    start=1.25,
    end=2.0,
    text="Grüße, Welt.",
    words=(WORD, Word(1.5, 2.0, "Welt.", 0.5)),
    tokens=(42, 50256),
    avg_logprob=-0.25,
    temperature=0.2,
    compression_ratio=0.8,
    no_speech_prob=0.01,
)
VALUES = [
    Options(language="de", task="translate", prompt="Hallo", temperature=0.4),
    Options(),
    Block(3, 1.0, 2.5, 0.987),
    WORD,
    SEGMENT,
    BlockResult((SEGMENT,), "de", 0.999),
    BlockResult((), "en", None),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_survives_being_stored(value):
    stored = json.dumps(value.to_json())

    assert type(value).from_json(json.loads(stored)) == value


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_stored_value_is_the_same_before_and_after_json(value):
    assert json.loads(json.dumps(value.to_json())) == value.to_json()
