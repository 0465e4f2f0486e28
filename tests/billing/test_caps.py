from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from billing import caps, queries, services
from billing.audit import audit
from billing.errors import CapReached, InsufficientSynapses
from billing.models import MonthlySpend
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def capped(acme):
    """A key of acme's that may spend 100 synapses a month."""
    return factories.key(acme, monthly_cap_synapses=100).key


def spent(key) -> int:
    return sum(MonthlySpend.objects.filter(spender=key.public_id).values_list("synapses", flat=True))


def test_a_cap_can_be_used_to_its_last_synapse(acme, capped):
    services.hold(acme, job="trans_1", amount=99, spender=capped)

    services.hold(acme, job="trans_2", amount=1, spender=capped)

    assert spent(capped) == 100


def test_beyond_its_cap_a_key_holds_nothing(acme, capped):
    services.hold(acme, job="trans_1", amount=99, spender=capped)

    with pytest.raises(CapReached) as refusal:
        services.hold(acme, job="trans_2", amount=2, spender=capped)

    assert refusal.value.details == {"cap": 100, "spent": 99, "required": 2}
    assert queries.balance(acme).held == 99
    assert audit() == []


def test_a_first_hold_beyond_the_cap_is_refused(acme, capped):
    with pytest.raises(CapReached):
        services.hold(acme, job="trans_1", amount=101, spender=capped)

    assert queries.balance(acme).held == 0


def test_a_cap_of_zero_admits_only_what_is_free(acme):
    key = factories.key(acme, monthly_cap_synapses=0).key

    services.hold(acme, job="trans_1", amount=0, spender=key)
    with pytest.raises(CapReached):
        services.hold(acme, job="trans_2", amount=1, spender=key)


def test_a_key_without_a_cap_is_counted_all_the_same(acme):
    key = factories.key(acme).key

    services.hold(acme, job="trans_1", amount=5_000, spender=key)

    assert spent(key) == 5_000


def test_a_lowered_cap_counts_what_was_spent_before(acme, capped):
    services.hold(acme, job="trans_1", amount=60, spender=capped)
    capped.monthly_cap_synapses = 50
    capped.save()

    with pytest.raises(CapReached):
        services.hold(acme, job="trans_2", amount=1, spender=capped)


def test_a_repeated_hold_counts_once(acme, capped):
    services.hold(acme, job="trans_1", amount=60, spender=capped)

    services.hold(acme, job="trans_1", amount=60, spender=capped)

    assert spent(capped) == 60


def test_a_hold_that_lacks_synapses_does_not_count(acme):
    key = factories.key(acme, monthly_cap_synapses=50_000).key

    with pytest.raises(InsufficientSynapses):
        services.hold(acme, job="trans_1", amount=20_000, spender=key)

    assert spent(key) == 0


def test_a_further_hold_counts_too(acme, capped):
    services.hold(acme, job="trans_1", amount=60, spender=capped)

    with pytest.raises(CapReached):
        services.hold(acme, job="trans_1", amount=41, part=2, spender=capped)

    assert queries.balance(acme).held == 60


def test_what_a_settlement_frees_is_free_for_the_cap(acme, capped):
    services.hold(acme, job="trans_1", amount=100, spender=capped)

    services.settle("trans_1", amount=30)

    assert spent(capped) == 30


def test_what_a_release_frees_is_free_for_the_cap(acme, capped):
    services.hold(acme, job="trans_1", amount=100, spender=capped)

    services.release("trans_1")
    services.release("trans_1")

    assert spent(capped) == 0


def test_one_keys_cap_does_not_bind_another(acme, capped):
    services.hold(acme, job="trans_1", amount=100, spender=capped)

    services.hold(acme, job="trans_2", amount=100, spender=factories.key(acme, monthly_cap_synapses=100).key)

    assert queries.balance(acme).held == 200


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 2, 1, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), date(2028, 2, 1)),
        (datetime(2026, 2, 1, 9, tzinfo=timezone(timedelta(hours=14))), date(2026, 1, 1)),
        (datetime(2025, 12, 31, 20, tzinfo=timezone(timedelta(hours=-8))), date(2026, 1, 1)),
    ],
)
def test_months_are_utc(capped, at, month):
    caps.count(capped, 1, at=at)

    assert MonthlySpend.objects.get().month == month


def test_each_month_has_its_own_count(capped):
    caps.count(capped, 100, at=datetime(2026, 1, 31, tzinfo=UTC))

    caps.count(capped, 100, at=datetime(2026, 2, 1, tzinfo=UTC))

    assert list(MonthlySpend.objects.values_list("synapses", flat=True)) == [100, 100]
