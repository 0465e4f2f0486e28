import pytest

from billing import queries, services
from billing.queries import Balance, JobCharge
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_organization_that_never_had_a_synapse_has_a_balance_of_zero(db):
    org = factories.organization("Fresh", synapses=0)

    assert queries.balance(org) == Balance(available=0, held=0, spent=0)


def test_a_balance_tells_available_held_and_spent_apart(acme):
    services.hold(acme, job="trans_1", amount=100)
    services.hold(acme, job="trans_2", amount=30)
    services.settle("trans_1", amount=60)
    services.refund(acme, job="trans_1", amount=20)

    assert queries.balance(acme) == Balance(available=10_000 - 30 - 60 + 20, held=30, spent=60)


def test_a_job_that_nothing_is_known_of_has_cost_nothing(acme):
    assert queries.job_charge(acme, "trans_1") == JobCharge(held=0, charged=0, refunded=0, transfer="")


def test_a_running_jobs_charge_is_what_it_holds(acme):
    first = services.hold(acme, job="trans_1", amount=100)
    services.hold(acme, job="trans_1", amount=40, part=2)

    charge = queries.job_charge(acme, "trans_1")

    assert charge == JobCharge(held=140, charged=0, refunded=0, transfer=first.public_id)


def test_a_settled_jobs_charge_is_what_it_cost(acme):
    first = services.hold(acme, job="trans_1", amount=100)
    services.hold(acme, job="trans_1", amount=40, part=2)
    services.settle("trans_1", amount=110)
    services.refund(acme, job="trans_1", amount=10, number=1)
    services.refund(acme, job="trans_1", amount=5, number=2)

    charge = queries.job_charge(acme, "trans_1")

    assert charge == JobCharge(held=0, charged=110, refunded=15, transfer=first.public_id)


def test_a_released_job_has_cost_nothing(acme):
    first = services.hold(acme, job="trans_1", amount=100)
    services.release("trans_1")

    assert queries.job_charge(acme, "trans_1") == JobCharge(0, 0, 0, transfer=first.public_id)


def test_somebody_elses_job_looks_as_if_it_had_cost_nothing(acme, globex):
    services.hold(acme, job="trans_1", amount=100)
    services.settle("trans_1", amount=60)
    services.refund(acme, job="trans_1", amount=20)

    assert queries.job_charge(globex, "trans_1") == JobCharge(0, 0, 0, transfer="")
