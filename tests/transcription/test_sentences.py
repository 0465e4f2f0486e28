import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription.sentences import Row, join_text, sentences, windows


def spoken(text: str, *, start: float = 0.0, speaker: str | None = None) -> list[Row]:
    """Words of half a second each, without a pause between them."""
    return [Row(start + n / 2, start + (n + 1) / 2, word, speaker) for n, word in enumerate(text.split())]


def test_a_sentence_ends_at_its_full_stop():
    rows = list(sentences(spoken("Hello there. How are you?")))

    assert [(row.start, row.end, row.text) for row in rows] == [(0.0, 1.0, "Hello there."), (1.0, 2.5, "How are you?")]


@pytest.mark.parametrize("ending", [".", "?", "!", "…", '."', "?)", "。"])
def test_every_end_of_a_sentence_is_known(ending):
    assert len(list(sentences(spoken(f"One{ending} Two")))) == 2


@pytest.mark.parametrize("abbreviation", ["Mr.", "Dr.", "e.g.", "a.m."])
def test_an_abbreviation_ends_no_sentence(abbreviation):
    assert len(list(sentences(spoken(f"Ask {abbreviation} Smith")))) == 1


def test_a_long_silence_ends_a_sentence_without_punctuation():
    rows = list(sentences([*spoken("so it goes"), *spoken("and then", start=3.1)]))

    assert [row.text for row in rows] == ["so it goes", "and then"]


def test_a_change_of_speaker_ends_a_sentence():
    rows = list(sentences([*spoken("who is", speaker="A"), *spoken("it is me", start=1.0, speaker="B")]))

    assert [(row.speaker, row.text) for row in rows] == [("A", "who is"), ("B", "it is me")]


def test_no_words_make_no_sentences():
    assert list(sentences([])) == []


def test_windows_are_at_most_as_long_as_asked():
    rows = list(windows(spoken("a b c d e"), length=1.0))

    assert [(row.start, row.end, row.text) for row in rows] == [(0.0, 1.0, "a b"), (1.0, 2.0, "c d"), (2.0, 2.5, "e")]


def test_a_word_longer_than_the_window_stands_alone():
    rows = list(windows([Row(0, 3, "looooong"), Row(3, 3.5, "short")], length=1.0))

    assert [row.text for row in rows] == ["looooong", "short"]


def test_joining_puts_one_space_between_words_whatever_they_carry():
    assert join_text([" And", " so", "", "it", " goes."]) == "And so it goes."


texts = st.text(alphabet="ab.?! ", min_size=1, max_size=6).filter(str.strip)
tracks = st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 2), texts), max_size=40)


def laid_out(track) -> list[Row]:
    rows, at = [], 0.0
    for pause, length, text in track:
        rows.append(Row(at + pause, at + pause + length, text))
        at = rows[-1].end
    return rows


@given(tracks)
def test_sentences_partition_the_words(track):
    words = laid_out(track)

    joined = join_text(row.text for row in sentences(words))

    assert joined == join_text(word.text for word in words)


@given(tracks, st.floats(0.1, 10))
def test_windows_partition_the_words_in_order(track, length):
    words = laid_out(track)

    rows = list(windows(words, length=length))

    assert join_text(row.text for row in rows) == join_text(word.text for word in words)
    assert all(before.end <= after.start for before, after in zip(rows, rows[1:], strict=False))
