from decimal import Decimal

import pytest

from billing import queries
from billing.pricing import PRIORITY_MULTIPLIERS, Priority, Quote, Rate, quote, rate
from orgs.models import Organization
from tests import factories


@pytest.mark.parametrize(
    ("seconds", "synapses"),
    [
        (0, 0),
        (0.001, 1),
        (1, 1),
        (1.0000001, 2),
        (59.999, 60),
        (60, 60),
        (125.5, 126),
        (3600, 3600),
        (43_200.0, 43_200),
    ],
)
def test_every_started_second_costs_a_synapse(seconds, synapses):
    assert rate(Organization()).synapses(seconds) == synapses


@pytest.mark.parametrize(
    ("priority", "synapses"), [(Priority.NORMAL, 126), (Priority.HIGH, 189), (Priority.URGENT, 252)]
)
def test_urgency_has_its_price(priority, synapses):
    assert rate(Organization(), priority=priority).synapses(125.5) == synapses


@pytest.mark.parametrize("name", ["normal", "high", "urgent"])
def test_a_priority_may_be_given_by_name(name):
    assert rate(Organization(), priority=name) == rate(Organization(), priority=Priority(name))


@pytest.mark.parametrize("name", ["", "URGENT", "low", "normal "])
def test_an_unknown_priority_has_no_price(name):
    with pytest.raises(ValueError, match="is not a valid Priority"):
        rate(Organization(), priority=name)


def test_every_priority_has_a_multiplier():
    assert set(PRIORITY_MULTIPLIERS) == set(Priority)


def test_a_more_urgent_job_never_costs_less():
    factors = [PRIORITY_MULTIPLIERS[priority] for priority in (Priority.NORMAL, Priority.HIGH, Priority.URGENT)]

    assert factors == sorted(factors)


@pytest.mark.parametrize(
    ("seconds", "multiplier", "priority", "synapses"),
    [
        (125.5, "1", "normal", 126),
        (125.5, "0.5", "normal", 63),
        (125, "0.5", "normal", 63),  # 62.5
        (125.5, "1.25", "normal", 158),  # 157.5
        (125.5, "1.25", "high", 237),  # 236.25
        (125.5, "1.25", "urgent", 315),
        (1, "0.0001", "normal", 1),
        (10, "0.1", "normal", 1),  # in binary floating point a hair more than 1
        (3, "1.1", "normal", 4),  # 3.3
        (100, "1.1", "normal", 110),  # in binary floating point 110.00000000000001
        (3600, "1.0001", "urgent", 7201),  # 7200.72
        (43_200, "9999.9999", "urgent", 863_999_992),  # 863999991.36
        (600, "0", "urgent", 0),
    ],
)
def test_the_price_is_exact_and_rounded_up_once(seconds, multiplier, priority, synapses):
    org = Organization(price_multiplier=Decimal(multiplier))

    assert rate(org, priority=priority).synapses(seconds) == synapses


def test_a_rate_names_its_factors():
    org = Organization(price_multiplier=Decimal("1.25"))

    assert rate(org, priority="high") == Rate(base=Decimal(1), organization=Decimal("1.25"), priority=Decimal("1.5"))


def test_a_rate_outlives_a_change_of_the_organizations_price():
    org = Organization(price_multiplier=Decimal(1))
    agreed = rate(org)

    org.price_multiplier = Decimal(3)

    assert agreed.synapses(10) == 10


@pytest.mark.django_db
def test_a_price_is_the_same_after_a_trip_through_the_database():
    org = factories.organization("Acme")
    Organization.objects.filter(pk=org.pk).update(price_multiplier="1.2345")
    org.refresh_from_db()

    assert rate(org).synapses(10_000) == 12_345


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_no_price_is_made_of_a_duration_that_is_no_number(seconds):
    with pytest.raises((ValueError, OverflowError)):
        rate(Organization()).synapses(seconds)


@pytest.mark.parametrize("priority", Priority)
def test_a_quote_is_what_is_charged(priority):
    org = Organization(price_multiplier=Decimal("1.25"))

    offer = quote(org, seconds=125.5, priority=priority)

    assert offer == Quote(rate(org, priority=priority), 125.5, rate(org, priority=priority).synapses(125.5))


@pytest.mark.django_db
def test_a_quote_holds_nothing(acme):
    quote(acme, seconds=3600)

    assert queries.balance(acme).held == 0


def test_an_unknown_priority_gets_no_quote():
    with pytest.raises(ValueError, match="is not a valid Priority"):
        quote(Organization(), seconds=1, priority="low")
