import importlib
import re
from itertools import combinations
from pathlib import Path

import pytest

from core.errors import (
    KINDS,
    Conflict,
    Forbidden,
    InsufficientSynapses,
    Invalid,
    NotFound,
    PolyscribeError,
    RateLimited,
    kind_of,
)

ROOT = Path(__file__).resolve().parents[2]


class Lost(NotFound):
    """It was here a moment ago.

    Details: `where`.
    """


def made(error: type[PolyscribeError]) -> PolyscribeError:
    return error(required=2, available=1) if issubclass(error, InsufficientSynapses) else error()


def everything_raised() -> list[type[PolyscribeError]]:
    """Return every error of the domain: each app names its own in a module `errors`."""
    for path in sorted(ROOT.glob("[a-z]*/errors.py")):
        importlib.import_module(f"{path.parent.name}.errors")
    found = [PolyscribeError]
    for error in found:
        found += [kind for kind in error.__subclasses__() if not kind.__module__.startswith("tests.")]
    return list(dict.fromkeys(found[1:]))


def test_a_class_speaks_by_the_first_paragraph_of_its_docstring():
    assert Lost().message == "It was here a moment ago."


def test_a_message_of_several_lines_becomes_one():
    class Wordy(Conflict):
        """This cannot be done
        as long as that is going on.
        """

    assert Wordy().message == "This cannot be done as long as that is going on."


def test_a_message_can_be_given():
    error = Lost("Nothing is here.", where="shelf")

    assert (error.message, error.details, str(error)) == ("Nothing is here.", {"where": "shelf"}, "Nothing is here.")


def test_details_are_empty_unless_given():
    assert Lost().details == {}


def test_lack_of_synapses_says_how_many():
    error = InsufficientSynapses(required=7, available=5)

    assert error.message == "Not enough synapses: 7 required, 5 available. Add synapses and try again."
    assert error.details == {"required": 7, "available": 5}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_of_itself(kind):
    assert kind_of(made(kind)) is kind


def test_a_subclass_is_of_its_kind():
    assert kind_of(Lost()) is NotFound


def test_what_is_of_no_kind_is_an_unforeseen_fault():
    assert kind_of(PolyscribeError()) is PolyscribeError


@pytest.mark.parametrize(("one", "other"), list(combinations(KINDS, 2)))
def test_an_error_is_of_one_kind_only(one, other):
    assert not issubclass(one, other)
    assert not issubclass(other, one)


def test_every_kind_has_a_code_of_its_own():
    assert len({kind.code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("error", everything_raised(), ids=lambda error: error.__qualname__)
def test_every_error_of_the_domain_says_a_sentence_of_its_own(error):
    assert re.match(r"[A-Z][^\n]+(\n\s*[^\n]+)*\.(\n\n|\s*$)", error.__doc__ or "")


@pytest.mark.parametrize(
    "error",
    [error for error in everything_raised() if error.__module__ in ("orgs.errors", "orgs.services", "billing.errors")],
    ids=lambda error: error.__qualname__,
)
def test_every_error_about_organizations_and_synapses_is_of_a_kind(error):
    assert kind_of(error()) in KINDS


@pytest.mark.parametrize("error", [Forbidden, Invalid, RateLimited])
def test_a_kind_can_be_raised_bare(error):
    with pytest.raises(PolyscribeError) as raised:
        raise error

    assert raised.value.message
