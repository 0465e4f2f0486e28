"""Draw sentences for the demo model from templates."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import vocabulary as words

FOREIGN_SHARE = 0.3
"""Share of sentences from the parallel grammar: a fifth of them in English, the rest German and Spanish alike."""


class Sentence(NamedTuple):
    """What is spoken and what should be written."""

    language: str
    spoken: str
    written: str
    """`spoken` as a transcript has it: 555-1234 for "five five five, one two three four"."""
    english: str | None
    """The translation; None for an English sentence."""


Pair = tuple[str, str]


def sentence(random: Random) -> Sentence:
    """Draw a sentence."""
    if random.random() >= FOREIGN_SHARE:
        spoken, written = random.choices(*zip(*_SORTS, strict=True))[0](random)
        return Sentence("en", spoken, written, None)
    english, german, spanish = _parallel(random)
    share = random.random()
    if share < 0.2:
        return Sentence("en", english, english, None)
    if share < 0.6:
        return Sentence("de", german, german, english)
    return Sentence("es", spanish, spanish, english)


def _parallel(random: Random) -> tuple[str, ...]:
    """Draw one sentence in English, German and Spanish."""
    if random.random() < 0.2:
        return random.choice(words.SET_PHRASES)
    slots = [random.choice(slot) for slot in (words.WHO, words.DOES, words.WHAT, words.WHEN)]
    return tuple(" ".join(slot[language] for slot in slots) + "." for language in range(3))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _same(text: str) -> Pair:
    return text, text


def _thing(random: Random) -> str:
    """Draw something like "the new report" or "my dog"."""
    adjective = [random.choice(words.ADJECTIVES)] if random.random() < 0.6 else []
    return " ".join([random.choice(words.DETERMINERS), *adjective, random.choice(words.NOUNS)])


def _a_thing(random: Random) -> str:
    phrase = f"{random.choice(words.ADJECTIVES)} {random.choice(words.NOUNS)}"
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _somebody(random: Random) -> str:
    name = random.choice(words.NAMES)
    return random.choice(
        [random.choice(words.GROUPS), name, f"{name} {random.choice(words.SURNAMES)}", random.choice(words.PRONOUNS)]
    )


def _event(random: Random) -> Pair:
    when = random.choice(
        [
            random.choice(words.ADVERBS),
            random.choice(words.PLACES),
            f"on {random.choice(words.DAYS)}",
            f"in {random.choice(words.CITIES)}",
        ]
    )
    return _same(f"{_capital(_somebody(random))} {random.choice(words.PAST_VERBS)} {_thing(random)} {when}.")


def _request(random: Random) -> Pair:
    opening = random.choice(
        ["We need to", "I want to", "You should", "They will", "She plans to", "We have to", "Please", "Do not"]
    )
    when = random.choice(
        [
            random.choice(words.ADVERBS),
            random.choice(words.PLACES),
            f"before {random.choice(words.DAYS)}",
            f"in {random.choice(words.MONTHS)}",
        ]
    )
    return _same(f"{opening} {random.choice(words.VERBS)} {_thing(random)} {when}.")


def _question(random: Random) -> Pair:
    opening = random.choice(["Did", "Can", "Will"])
    return _same(
        f"{opening} {_somebody(random)} {random.choice(words.VERBS)} {_thing(random)} {random.choice(words.ADVERBS)}?"
    )


def _opinion(random: Random) -> Pair:
    verb = random.choice(["is", "was", "looks", "became", "seems"])
    degree = random.choice(["very ", "really ", "quite ", "too ", ""])
    more = random.choice(
        [
            "",
            f" {random.choice(words.PLACES)}",
            f", but {_thing(random)} is {random.choice(words.ADJECTIVES)}",
            f" and {random.choice(words.ADJECTIVES)}",
        ]
    )
    return _same(f"{_capital(_thing(random))} {verb} {degree}{random.choice(words.ADJECTIVES)}{more}.")


def _sight(random: Random) -> Pair:
    opening = random.choice(["There is", "We saw", "I bought", "She found", "He lost", "They sold"])
    where = random.choice(
        [random.choice(words.PLACES), f"in {random.choice(words.CITIES)}", f"with {_a_thing(random)}"]
    )
    return _same(f"{opening} {_a_thing(random)} {where}.")


def _appointment(random: Random) -> Pair:
    return _same(
        f"{random.choice(words.NAMES)} from {random.choice(words.COMPANIES)} will {random.choice(words.VERBS)} "
        f"{_thing(random)} in {random.choice(words.CITIES)} on {random.choice(words.DAYS)}."
    )


def _phrase(random: Random) -> Pair:
    return _same(random.choice(words.PHRASES))


def _feeling(random: Random) -> Pair:
    return _same(random.choice(words.FEELINGS))


def _percentage(random: Random) -> Pair:
    number = random.randrange(2, 100)
    before, after = random.choice(
        [
            ("Sales increased by", "."),
            ("The price went up by", " last year."),
            ("Costs dropped by", f" in {random.choice(words.MONTHS)}."),
            ("Only", " of the customers answered."),
        ]
    )
    return f"{before} {number_in_words(number)} percent{after}", f"{before} {number}%{after}"


def _phone_number(random: Random) -> Pair:
    digits = "555" + _digits(random, 4)
    before, after = random.choice(
        [
            ("My phone number is", "."),
            ("You can call me at", "."),
            ("The number is", ", please write it down."),
        ]
    )
    return _dictated(before, [digits[:3], digits[3:]], after)


def _social_security_number(random: Random) -> Pair:
    digits = _digits(random, 9)
    before = random.choice(["My social security number is", "The social security number is"])
    return _dictated(before, [digits[:3], digits[3:5], digits[5:]], ".")


def _digits(random: Random, count: int) -> str:
    return "".join(str(random.randrange(10)) for _ in range(count))


def _dictated(before: str, groups: list[str], after: str) -> Pair:
    spoken = ", ".join(" ".join(words.DIGITS[int(digit)] for digit in group) for group in groups)
    return f"{before} {spoken}{after}", f"{before} {'-'.join(groups)}{after}"


def _mail_address(random: Random) -> Pair:
    name, host = random.choice(words.NAMES), random.choice(words.MAIL_HOSTS)
    before = random.choice(["Send the file to", "My email is", "Please write to"])
    return f"{before} {name} at {host} dot com.", f"{before} {name.lower()}@{host}.com."


def _time_of_day(random: Random) -> Pair:
    hour, half = random.randrange(1, 13), random.choice(["am", "pm"])
    before = random.choice(["The meeting starts at", "Lunch is at", "The train leaves at", "Let us meet at"])
    return f"{before} {number_in_words(hour)} {' '.join(half)}.", f"{before} {hour} {half}."


def number_in_words(number: int) -> str:
    """Return how a number from 0 to 99 is spoken."""
    if number < 10:
        return words.DIGITS[number]
    if number < 20:
        return words.TEENS[number - 10]
    tens, ones = divmod(number, 10)
    return words.TENS[tens - 2] + (f" {words.DIGITS[ones]}" if ones else "")


_SORTS: list[tuple[Callable[[Random], Pair], float]] = [
    (_event, 22),
    (_request, 14),
    (_question, 10),
    (_opinion, 10),
    (_sight, 8),
    (_appointment, 8),
    (_phrase, 6),
    (_feeling, 5),
    (_percentage, 5),
    (_phone_number, 4),
    (_mail_address, 3),
    (_time_of_day, 3.5),
    (_social_security_number, 1.5),
]
"""What English sentences are made by, and how often in a hundred."""
