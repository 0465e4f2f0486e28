"""From the engine's tokens to words with times that hold together."""

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transcription.engine.base import Word

SPACELESS = frozenset({"zh", "yue", "ja", "th", "lo", "my", "km", "bo"})
"""Languages that are written without spaces between words: there each token that is whole text is a word."""

SHORTEST_MS = 40
"""A word lasts at least this long where its segment has the room."""

_ONSET_MS = 300
"""A first word that begins this soon after its segment begins with it: whisper.cpp waits until it gets loud."""


@dataclass(frozen=True)
class Token:
    """A piece of text as the engine gives it: perhaps a part of a character only. Times in milliseconds."""

    id: int
    text: bytes
    start: int
    end: int
    probability: float
    logprob: float


@dataclass
class _Draft:
    text: str
    start: int
    end: int
    probabilities: list[float]


def to_words(tokens: Iterable[Token], *, language: str, start: int, end: int) -> tuple[Word, ...]:
    """Return the words that `tokens` spell, with repaired times inside `start` to `end` (milliseconds).

    A word's confidence is the mean probability of its tokens.
    """
    drafts = list(_drafts(tokens, spaceless=language in SPACELESS))
    if drafts and drafts[0].start - start <= _ONSET_MS:
        drafts[0].start = start
    times = repair([(draft.start, draft.end) for draft in drafts], start=start, end=end)
    return tuple(
        Word(
            start=word_start / 1000,
            end=word_end / 1000,
            text=draft.text.strip(),
            confidence=round(sum(draft.probabilities) / len(draft.probabilities), 4),
        )
        for draft, (word_start, word_end) in zip(drafts, times, strict=True)
    )


def _drafts(tokens: Iterable[Token], *, spaceless: bool) -> Iterator[_Draft]:
    draft: _Draft | None = None
    for text, parts in _whole_texts(tokens):
        probabilities = [part.probability for part in parts]
        begins = text[:1].isspace() or (spaceless and any(char.isalnum() for char in text))
        if draft is not None and draft.text.strip() and begins:
            yield draft
            draft = None
        if draft is None:
            draft = _Draft(text, parts[0].start, parts[-1].end, probabilities)
        else:
            draft.text += text
            draft.end = parts[-1].end
            draft.probabilities += probabilities
    if draft is not None and draft.text.strip():
        yield draft


def _whole_texts(tokens: Iterable[Token]) -> Iterator[tuple[str, list[Token]]]:
    """Yield text with the tokens it comes from: as many as it takes until no character is left in parts."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    parts: list[Token] = []
    for token in tokens:
        parts.append(token)
        text = decoder.decode(token.text)
        if not decoder.getstate()[0]:
            yield text, parts
            parts = []
        elif text:
            # The token ends one character and begins another: the text goes out, the token stays with both.
            yield text, parts
            parts = [token]
    rest = decoder.decode(b"", final=True)
    if rest:
        yield rest, parts


def repair(times: Sequence[tuple[int, int]], *, start: int, end: int) -> list[tuple[int, int]]:
    """Return `times` (start and end of things in order, milliseconds) so that they hold together.

    Each begins at or after the end of the one before, none ends before it begins, all lie from `start` to `end`, and
    each lasts at least SHORTEST_MS, or an equal share of the whole where that is too much. Starts move as little as
    that takes; the order of the things never changes. An `end` before `start` counts as `start`.
    """
    if not times:
        return []
    end = max(start, end)
    least = min(SHORTEST_MS, (end - start) // len(times))
    starts, earliest = [], start
    for given, _ in times:
        starts.append(max(given, earliest))
        earliest = starts[-1] + least
    latest = end
    for number in reversed(range(len(starts))):
        starts[number] = min(starts[number], latest - least)
        latest = starts[number]
    limits = [*starts[1:], end]
    return [
        (begin, min(max(given_end, begin + least), limit))
        for begin, (_, given_end), limit in zip(starts, times, limits, strict=True)
    ]
