"""Views of the words: sentences by punctuation and pauses, windows of a fixed length."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ENDS = (".", "?", "!", "…", "。", "？", "！")
_CLOSERS = "\"'”’)]»"
_ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs.", "e.g.", "i.e.", "a.m.", "p.m.", "z.b."})
_PAUSE_SECONDS = 1.5
"""A silence this long ends a sentence whatever the punctuation says."""


@dataclass(frozen=True)
class Row:
    """A stretch of a transcript: seconds from the beginning, and what is said."""

    start: float
    end: float
    text: str
    speaker: str | None = None
    confidence: float | None = None


def sentences(words: Iterable[Row]) -> Iterator[Row]:
    """Join words into sentences: they partition the words, in order.

    A sentence ends at a full stop, question or exclamation mark that is no abbreviation's, at a change of speaker, and
    at a silence of 1.5 seconds.
    """
    sentence: list[Row] = []
    for word in words:
        if sentence and (_ends(sentence[-1].text) or _breaks(sentence[-1], word)):
            yield _joined(sentence)
            sentence = []
        sentence.append(word)
    if sentence:
        yield _joined(sentence)


def windows(words: Iterable[Row], *, length: float) -> Iterator[Row]:
    """Join words into rows that are at most `length` seconds long; a longer single word stands alone."""
    row: list[Row] = []
    for word in words:
        if row and word.end - row[0].start > length:
            yield _joined(row)
            row = []
        row.append(word)
    if row:
        yield _joined(row)


def _ends(text: str) -> bool:
    bare = text.strip().rstrip(_CLOSERS)
    return bare.endswith(_ENDS) and bare.lower() not in _ABBREVIATIONS


def _breaks(before: Row, after: Row) -> bool:
    return after.start - before.end >= _PAUSE_SECONDS or before.speaker != after.speaker


def _joined(words: list[Row]) -> Row:
    first, last = words[0], words[-1]
    spoken = [word.confidence for word in words if word.confidence is not None]
    return Row(
        start=first.start,
        end=last.end,
        text=join_text(word.text for word in words),
        speaker=first.speaker,
        confidence=sum(spoken) / len(spoken) if spoken else None,
    )


def join_text(texts: Iterable[str]) -> str:
    """Join what words or segments say, with the spaces that they carry, or one where they carry none."""
    pieces = [text for text in texts if text.strip()]
    return " ".join(piece.strip() for piece in pieces)
