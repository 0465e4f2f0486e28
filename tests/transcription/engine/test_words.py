"""From tokens to words: characters in parts, languages without spaces, times that hold together."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription.engine.words import SHORTEST_MS, Token, repair, to_words

TIMES = st.integers(-100_000, 100_000)


def tokens(*texts: str | bytes, start: int = 0, each: int = 100) -> list[Token]:
    return [
        Token(
            number,
            text.encode() if isinstance(text, str) else text,
            start + number * each,
            start + number * each + each,
            0.5,
            -0.7,
        )
        for number, text in enumerate(texts)
    ]


def spelled(*texts: str | bytes, language: str = "en") -> list[str]:
    return [word.text for word in to_words(tokens(*texts), language=language, start=0, end=60_000)]


@settings(deadline=None)
@given(st.lists(st.tuples(TIMES, TIMES), max_size=40), TIMES, st.integers(0, 60_000))
def test_repaired_times_are_in_order_inside_and_never_reversed(times, start, length):
    repaired = repair(times, start=start, end=start + length)

    assert len(repaired) == len(times)
    assert all(start <= begin <= end <= start + length for begin, end in repaired)
    assert all(left[1] <= right[0] for left, right in pairwise(repaired))


@settings(deadline=None)
@given(st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=40), TIMES, st.integers(40, 60_000))
def test_every_word_lasts_where_there_is_room(times, start, length):
    repaired = repair(times, start=start, end=start + length)

    assert min(end - begin for begin, end in repaired) >= min(SHORTEST_MS, length // len(times))


@settings(deadline=None)
@given(st.lists(st.integers(SHORTEST_MS, 2000), min_size=1, max_size=20), st.integers(0, 500))
def test_times_that_hold_together_stay_as_they_are(lengths, gap):
    times, at = [], 0
    for length in lengths:
        times.append((at, at + length))
        at += length + gap

    assert repair(times, start=0, end=at) == times


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([(100, 50)], [(100, 140)]),
        ([(-30, 200)], [(0, 200)]),
        ([(900, 5000)], [(900, 1000)]),
        ([(500, 500), (500, 500)], [(500, 540), (540, 580)]),
        ([(990, 1000), (995, 1000)], [(920, 960), (960, 1000)]),
        ([(0, 600), (300, 900)], [(0, 300), (300, 900)]),
    ],
    ids=["reversed", "before", "after", "at once", "at the end", "overlapping"],
)
def test_one_fault_is_repaired_alone(times, expected):
    assert repair(times, start=0, end=1000) == expected


def test_nothing_to_repair_is_nothing():
    assert repair([], start=5, end=1) == []


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufffd")), st.data())
def test_words_survive_any_cut_through_their_bytes(text, data):
    whole = text.encode()
    places = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=20)) | {0, len(whole)})
    pieces = [whole[left:right] for left, right in pairwise(places)]

    words = to_words(tokens(*pieces), language="en", start=0, end=60_000)

    assert "".join("".join(word.text for word in words).split()) == "".join(text.split())


@settings(deadline=None)
@given(st.lists(st.binary(max_size=5), max_size=12), st.sampled_from(["en", "ja"]))
def test_bytes_that_are_no_text_never_fail(pieces, language):
    words = to_words(tokens(*pieces), language=language, start=0, end=1000)

    assert all(word.text == word.text.strip() != "" for word in words)


def test_a_character_in_three_tokens_belongs_to_one_word():
    assert spelled(" El", b" ni\xc3", b"\xb1", "o", ".") == ["El", "niño."]


def test_a_word_begins_with_its_space_and_keeps_its_punctuation():
    assert spelled(" Hello", ",", " wor", "ld", "!", " \u2014", " Yes") == ["Hello,", "world!", "\u2014", "Yes"]


def test_text_without_a_leading_space_is_a_word():
    assert spelled("Hello", " world") == ["Hello", "world"]


def test_languages_without_spaces_have_a_word_for_each_whole_token():
    assert spelled("今日", "は", b"\xe6\x99", b"\xb4", "れ", "。", language="ja") == ["今日", "は", "晴", "れ。"]


def test_a_words_confidence_is_the_mean_of_its_tokens():
    parts = [Token(1, b" wor", 0, 100, 0.9, -0.1), Token(2, b"ld", 100, 200, 0.5, -0.7)]

    (word,) = to_words(parts, language="en", start=0, end=1000)

    assert word.confidence == pytest.approx(0.7)


def test_the_first_word_begins_with_its_segment():
    (word, *_) = to_words(tokens(" One", " two", start=1120), language="en", start=1000, end=3000)

    assert word.start == 1.0


def test_a_first_word_long_after_its_segment_begins_keeps_its_time():
    (word, *_) = to_words(tokens(" One", " two", start=2000), language="en", start=1000, end=3000)

    assert word.start == 2.0


def test_no_tokens_are_no_words():
    assert to_words([], language="en", start=0, end=1000) == ()
