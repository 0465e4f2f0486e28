"""Who wins when many move synapses at the same moment: the same tests for threads and processes, on either database."""

from functools import partial

import pytest

from billing import queries, services
from billing.audit import audit
from billing.models import MonthlySpend, Transfer
from billing.queries import Balance
from tests import factories
from tests.billing.side_by_side import in_processes, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

CROWD, FEW = 50, 12


@pytest.fixture(params=[in_threads, in_processes])
def at_once(request):
    return request.param


@pytest.fixture(autouse=True)
def _books_balance_afterwards(transactional_db):
    yield
    assert audit() == []


@pytest.fixture
def charged(acme):
    """Acme, charged 60 for trans_1."""
    services.hold(acme, job="trans_1", amount=100)
    services.settle("trans_1", amount=60)
    return acme


def test_the_last_synapse_is_spent_once(at_once):
    poor = factories.organization("Poor", synapses=1)

    outcomes = at_once([partial(services.hold, poor, job=f"trans_{n}", amount=1) for n in range(CROWD)])

    assert outcomes == {"done": 1, "InsufficientSynapses": CROWD - 1}
    assert queries.balance(poor) == Balance(available=0, held=1, spent=0)


def test_spenders_together_never_overdraw(at_once):
    org = factories.organization("Modest", synapses=30)

    outcomes = at_once([partial(services.hold, org, job=f"trans_{n}", amount=7) for n in range(FEW)])

    assert outcomes == {"done": 4, "InsufficientSynapses": FEW - 4}
    assert queries.balance(org) == Balance(available=2, held=28, spent=0)


def test_the_same_hold_in_parallel_holds_once(at_once, acme):
    outcomes = at_once([partial(services.hold, acme, job="trans_1", amount=100)] * CROWD)

    assert outcomes == {"done": CROWD}
    assert queries.balance(acme).held == 100
    assert Transfer.objects.filter(job="trans_1").count() == 1


def test_the_same_grant_in_parallel_gives_once(at_once, acme):
    outcomes = at_once([partial(services.grant, acme, amount=5, key="gift")] * FEW)

    assert outcomes == {"done": FEW}
    assert queries.balance(acme).available == 10_005


def test_different_grants_in_parallel_all_arrive_in_a_new_wallet(at_once):
    org = factories.organization("Fresh", synapses=0)

    outcomes = at_once([partial(services.grant, org, amount=5, key=f"gift {n}") for n in range(FEW)])

    assert outcomes == {"done": FEW}
    assert queries.balance(org).available == 5 * FEW


def test_different_grants_under_one_key_give_one_of_them(at_once, acme):
    outcomes = at_once([partial(services.grant, acme, amount=n, key="gift") for n in range(1, FEW + 1)])

    assert outcomes == {"done": 1, "KeyReused": FEW - 1}


def test_the_same_settlement_in_parallel_charges_once(at_once, acme):
    services.hold(acme, job="trans_1", amount=100)

    outcomes = at_once([partial(services.settle, "trans_1", amount=60)] * FEW)

    assert outcomes == {"done": FEW}
    assert queries.balance(acme) == Balance(available=9_940, held=0, spent=60)


def test_the_same_release_in_parallel_frees_once(at_once, acme):
    services.hold(acme, job="trans_1", amount=100)

    outcomes = at_once([partial(services.release, "trans_1")] * FEW)

    assert outcomes == {"done": FEW}
    assert queries.balance(acme) == Balance(available=10_000, held=0, spent=0)


@pytest.mark.parametrize("round_", range(3))
def test_of_settlement_and_release_one_wins(at_once, acme, round_):
    services.hold(acme, job="trans_1", amount=100)
    services.hold(acme, job="trans_1", amount=50, part=2)

    outcomes = at_once([partial(services.settle, "trans_1", amount=120), partial(services.release, "trans_1")])

    assert outcomes == {"done": 1, "AlreadyResolved": 1}
    assert queries.balance(acme) in [Balance(9_880, held=0, spent=120), Balance(10_000, held=0, spent=0)]


def test_of_different_settlements_one_wins(at_once, acme):
    services.hold(acme, job="trans_1", amount=100)

    outcomes = at_once([partial(services.settle, "trans_1", amount=n) for n in range(1, FEW + 1)])

    assert outcomes == {"done": 1, "AlreadyResolved": FEW - 1}


@pytest.mark.parametrize(
    "end", [partial(services.settle, "trans_1", amount=1000), partial(services.release, "trans_1")]
)
@pytest.mark.parametrize("round_", range(3))
def test_no_further_hold_outlives_the_end_of_its_job(at_once, acme, end, round_):
    services.hold(acme, job="trans_1", amount=100)

    outcomes = at_once([end, *(partial(services.hold, acme, job="trans_1", amount=5, part=n) for n in range(2, 8))])

    assert set(outcomes) <= {"done", "AlreadyResolved"}
    assert queries.balance(acme).held == 0


def test_refunds_together_never_exceed_the_charge(at_once, charged):
    outcomes = at_once([partial(services.refund, charged, job="trans_1", amount=7, number=n) for n in range(FEW)])

    assert outcomes == {"done": 8, "RefundTooLarge": FEW - 8}
    assert queries.balance(charged).available == 9_940 + 56


def test_the_same_refund_in_parallel_gives_back_once(at_once, charged):
    outcomes = at_once([partial(services.refund, charged, job="trans_1", amount=40)] * FEW)

    assert outcomes == {"done": FEW}
    assert queries.balance(charged).available == 9_980


def test_a_refund_and_the_settlement_it_waits_for_agree(at_once, acme):
    services.hold(acme, job="trans_1", amount=100)

    outcomes = at_once(
        [partial(services.settle, "trans_1", amount=100), partial(services.refund, acme, job="trans_1", amount=100)]
    )

    assert outcomes["done"] + outcomes["RefundTooLarge"] == 2
    assert queries.balance(acme).available == 9_900 + 100 * (outcomes["done"] - 1)


def test_a_keys_cap_is_never_exceeded(at_once, acme):
    key = factories.key(acme, monthly_cap_synapses=30).key

    outcomes = at_once([partial(services.hold, acme, job=f"trans_{n}", amount=7, spender=key) for n in range(FEW)])

    assert outcomes == {"done": 4, "CapReached": FEW - 4}
    assert MonthlySpend.objects.get().synapses == 28


def test_two_tenants_do_not_wait_for_each_others_synapses(at_once, acme, globex):
    spenders = [
        partial(services.hold, org, job=f"{org.name}_{n}", amount=1_000) for org in (acme, globex) for n in range(11)
    ]

    outcomes = at_once(spenders)

    assert outcomes == {"done": 20, "InsufficientSynapses": 2}
    assert queries.balance(acme) == queries.balance(globex) == Balance(available=0, held=10_000, spent=0)
