"""Stories of jobs from their price to their end, with every figure a customer would see on the way."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from billing import queries, services
from billing.audit import audit
from billing.errors import AlreadyResolved, CapReached, InsufficientSynapses, RefundTooLarge
from billing.models import Transfer
from billing.pricing import rate
from billing.queries import Balance
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def studio(db):
    """An organization with 1000 synapses."""
    return factories.organization("Studio", synapses=1000)


@pytest.fixture(autouse=True)
def _books_balance_afterwards(db):
    yield
    assert audit() == []


def journal() -> list[tuple[str, int]]:
    return [(transfer.kind, transfer.amount) for transfer in Transfer.objects.exclude(code="grant").order_by("pk")]


def test_a_job_that_is_shorter_than_its_header_said_is_cheaper_than_was_held(studio):
    price = rate(studio, priority="high")

    services.hold(studio, job="trans_1", amount=price.synapses(130))
    while_running = queries.balance(studio)
    services.settle("trans_1", amount=price.synapses(125.5))

    assert while_running == Balance(available=1000 - 195, held=195, spent=0)
    assert queries.balance(studio) == Balance(available=1000 - 189, held=0, spent=189)
    assert journal() == [("pending", 195), ("post", 189)]


def test_a_job_that_is_longer_than_its_header_said_holds_the_difference_before_it_runs(studio):
    price = rate(studio)

    services.hold(studio, job="trans_1", amount=price.synapses(100))
    services.hold(studio, job="trans_1", amount=price.synapses(130.2) - price.synapses(100), part=2)
    services.settle("trans_1", amount=price.synapses(130.2))

    assert queries.balance(studio) == Balance(available=1000 - 131, held=0, spent=131)
    assert journal() == [("pending", 100), ("pending", 31), ("post", 100), ("post", 31)]


def test_a_job_whose_difference_cannot_be_paid_costs_nothing(studio):
    services.hold(studio, job="trans_1", amount=900)

    with pytest.raises(InsufficientSynapses):
        services.hold(studio, job="trans_1", amount=200, part=2)
    services.release("trans_1")

    assert queries.balance(studio) == Balance(available=1000, held=0, spent=0)
    assert journal() == [("pending", 900), ("void", 0)]


def test_a_job_that_fails_costs_nothing_however_often_that_is_reported(studio):
    services.hold(studio, job="trans_1", amount=100)

    services.release("trans_1")
    services.release("trans_1")

    assert queries.balance(studio) == Balance(available=1000, held=0, spent=0)
    assert journal() == [("pending", 100), ("void", 0)]


def test_a_job_that_is_cancelled_first_is_not_charged_by_a_late_worker(studio):
    services.hold(studio, job="trans_1", amount=100)

    services.release("trans_1")
    with pytest.raises(AlreadyResolved):
        services.settle("trans_1", amount=80)

    assert queries.balance(studio) == Balance(available=1000, held=0, spent=0)


def test_a_charge_is_refunded_in_parts_and_never_beyond(studio):
    services.hold(studio, job="trans_1", amount=100)
    services.settle("trans_1", amount=100)

    services.refund(studio, job="trans_1", amount=30, number=1, memo="The last third was noise.")
    services.refund(studio, job="trans_1", amount=70, number=2, memo="So was the rest.")
    with pytest.raises(RefundTooLarge, match="Only 0 of 100"):
        services.refund(studio, job="trans_1", amount=1, number=3)

    assert queries.job_charge(studio, "trans_1").refunded == 100
    assert queries.balance(studio) == Balance(available=1000, held=0, spent=100)


def test_a_customer_who_runs_out_can_go_on_after_a_grant(studio):
    services.hold(studio, job="trans_1", amount=1000)
    services.settle("trans_1", amount=1000)

    with pytest.raises(InsufficientSynapses, match="5 required, 0 available"):
        services.hold(studio, job="trans_2", amount=5)
    services.grant(studio, amount=5, key="goodwill")
    services.hold(studio, job="trans_2", amount=5)

    assert queries.balance(studio) == Balance(available=0, held=5, spent=1000)


def test_a_keys_cap_binds_until_the_month_turns(studio, monkeypatch):
    intern = factories.key(studio, monthly_cap_synapses=100).key

    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    services.hold(studio, job="trans_1", amount=100, spender=intern)
    with pytest.raises(CapReached):
        services.hold(studio, job="trans_2", amount=1, spender=intern)
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 2, 1, 0, 0, tzinfo=UTC))
    services.hold(studio, job="trans_2", amount=100, spender=intern)

    assert queries.balance(studio).held == 200


def test_what_ends_after_the_month_has_turned_counts_for_the_month_in_which_it_was_held(studio, monkeypatch):
    intern = factories.key(studio, monthly_cap_synapses=100).key

    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    services.hold(studio, job="trans_1", amount=100, spender=intern)
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 2, 1, 0, 1, tzinfo=UTC))
    services.hold(studio, job="trans_2", amount=70, spender=intern)
    services.settle("trans_1", amount=40)

    with pytest.raises(CapReached) as refusal:
        services.hold(studio, job="trans_3", amount=31, spender=intern)
    assert refusal.value.details["spent"] == 70


def test_a_month_of_an_organization_reads_like_its_statement(studio):
    services.hold(studio, job="trans_1", amount=100)
    services.hold(studio, job="trans_2", amount=200)
    services.settle("trans_1", amount=90)
    services.release("trans_2")
    services.hold(studio, job="trans_3", amount=50)
    services.refund(studio, job="trans_1", amount=10)

    charges = [queries.job_charge(studio, job) for job in ("trans_1", "trans_2", "trans_3")]
    figures = [(charge.held, charge.charged, charge.refunded) for charge in charges]
    assert figures == [(0, 90, 10), (0, 0, 0), (50, 0, 0)]
    assert queries.balance(studio) == Balance(available=1000 - 90 + 10 - 50, held=50, spent=90)
