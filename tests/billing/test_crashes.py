"""A process killed between any two statements leaves the ledger as if it had never been, or as if it were done."""

from functools import partial
from itertools import count, takewhile

import pytest

from billing import queries, services
from billing.audit import audit
from billing.queries import Balance
from tests import factories
from tests.billing.side_by_side import killed_after

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def books(acme):
    """Acme with trans_1 charged 60 and trans_2 holding 100, by a key with a cap."""
    key = factories.key(acme, monthly_cap_synapses=1_000).key
    services.hold(acme, job="trans_1", amount=60, spender=key)
    services.settle("trans_1", amount=60)
    services.hold(acme, job="trans_2", amount=100, spender=key)
    return acme


def movements(org, key) -> dict[str, partial]:
    return {
        "grant": partial(services.grant, org, amount=5, key="gift"),
        "hold": partial(services.hold, org, job="trans_3", amount=5, spender=key),
        "further hold": partial(services.hold, org, job="trans_2", amount=5, part=2, spender=key),
        "settle": partial(services.settle, "trans_2", amount=70),
        "release": partial(services.release, "trans_2"),
        "refund": partial(services.refund, org, job="trans_1", amount=20),
    }


@pytest.mark.parametrize(
    ("movement", "after"),
    [
        ("grant", Balance(9_845, held=100, spent=60)),
        ("hold", Balance(9_835, held=105, spent=60)),
        ("further hold", Balance(9_835, held=105, spent=60)),
        ("settle", Balance(9_870, held=0, spent=130)),
        ("release", Balance(9_940, held=0, spent=60)),
        ("refund", Balance(9_860, held=100, spent=60)),
    ],
)
def test_a_movement_killed_at_any_statement_never_happened_and_can_be_repeated(books, movement, after):
    move = movements(books, books.api_keys.get())[movement]

    kills = takewhile(lambda statements: killed_after(statements, move), count(1))
    seen = [(queries.balance(books), audit()) for _ in kills]

    assert len(seen) >= 6
    assert seen == [(Balance(9_840, held=100, spent=60), [])] * len(seen)
    assert (queries.balance(books), audit()) == (after, [])
    assert move() == move()
