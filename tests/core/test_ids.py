import re
from itertools import permutations

import pytest

from core.ids import PREFIXES, new_id


@pytest.mark.parametrize("kind", PREFIXES)
def test_an_id_is_a_prefix_and_128_random_bits(kind):
    assert re.fullmatch(re.escape(PREFIXES[kind]) + "[0-9a-f]{32}", new_id(kind))


@pytest.mark.parametrize("kind", PREFIXES)
def test_an_id_fits_its_column(kind):
    assert len(new_id(kind)) <= 64


@pytest.mark.parametrize(("one", "other"), list(permutations(PREFIXES.values(), 2)))
def test_a_prefix_tells_what_an_id_names(one, other):
    assert not one.startswith(other)


def test_no_two_ids_are_alike():
    assert len({new_id("transfer") for _ in range(10_000)}) == 10_000


def test_there_is_no_id_of_an_unknown_kind():
    with pytest.raises(KeyError):
        new_id("unicorn")
