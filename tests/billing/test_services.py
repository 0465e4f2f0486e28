import pytest
from django.db import transaction

from billing import queries, services
from billing.audit import audit
from billing.errors import AlreadyResolved, InsufficientSynapses, InvalidAmount, KeyReused, NoHold, RefundTooLarge
from billing.models import Account, Transfer
from billing.queries import Balance
from billing.services import Settlement
from tests import factories

pytestmark = pytest.mark.django_db

START = 10_000
NOT_AMOUNTS = [-1, 1.5, 3.0, "3", None, float("nan"), 10**15 + 1, 2**63]


@pytest.fixture
def poor(db):
    return factories.organization("Poor", synapses=5)


@pytest.fixture(autouse=True)
def _books_balance_afterwards(db):
    yield
    assert audit() == []


# --- Grants -----------------------------------------------------------------------------------------------------------


def test_a_wallet_is_made_on_first_use(db):
    org = factories.organization("Fresh", synapses=0)

    services.grant(org, amount=7, key="gift")

    assert queries.balance(org) == Balance(available=7, held=0, spent=0)


def test_opening_a_wallet_twice_gives_the_same_one(acme):
    assert services.open_wallet(acme) == services.open_wallet(acme)


def test_a_repeated_grant_gives_once(acme):
    first = services.grant(acme, amount=50, key="gift")

    again = services.grant(acme, amount=50, key="gift")

    assert again == first
    assert queries.balance(acme).available == START + 50


def test_a_repeated_grant_may_be_worded_differently(acme):
    first = services.grant(acme, amount=50, key="gift", memo="Welcome", actor="u-1")

    assert services.grant(acme, amount=50, key="gift", memo="Welcome!", actor="u-2") == first


def test_a_grant_of_another_amount_under_a_used_key_is_refused(acme):
    services.grant(acme, amount=50, key="gift")

    with pytest.raises(KeyReused):
        services.grant(acme, amount=51, key="gift")

    assert queries.balance(acme).available == START + 50


def test_a_grant_to_somebody_else_under_a_used_key_is_refused(acme, globex):
    services.grant(acme, amount=50, key="gift")

    with pytest.raises(KeyReused):
        services.grant(globex, amount=50, key="gift")

    assert queries.balance(globex).available == START


# --- Holds ------------------------------------------------------------------------------------------------------------


def test_a_hold_sets_synapses_aside(acme):
    services.hold(acme, job="trans_1", amount=100)

    assert queries.balance(acme) == Balance(available=START - 100, held=100, spent=0)


def test_a_repeated_hold_holds_once(acme):
    first = services.hold(acme, job="trans_1", amount=100)

    again = services.hold(acme, job="trans_1", amount=100)

    assert again == first
    assert queries.balance(acme).held == 100


def test_a_hold_of_another_amount_for_the_same_job_is_refused(acme):
    services.hold(acme, job="trans_1", amount=100)

    with pytest.raises(KeyReused):
        services.hold(acme, job="trans_1", amount=101)

    assert queries.balance(acme).held == 100


def test_all_that_is_available_can_be_held(poor):
    services.hold(poor, job="trans_1", amount=5)

    assert queries.balance(poor) == Balance(available=0, held=5, spent=0)


def test_too_few_synapses_hold_nothing(poor):
    with pytest.raises(InsufficientSynapses) as refusal:
        services.hold(poor, job="trans_1", amount=6)

    assert refusal.value.details == {"required": 6, "available": 5}
    assert queries.balance(poor) == Balance(available=5, held=0, spent=0)


def test_what_is_held_already_is_not_available(poor):
    services.hold(poor, job="trans_1", amount=3)

    with pytest.raises(InsufficientSynapses) as refusal:
        services.hold(poor, job="trans_2", amount=3)

    assert refusal.value.details == {"required": 3, "available": 2}


def test_a_refused_hold_leaves_no_line_in_the_journal(poor):
    before = Transfer.objects.count()

    with pytest.raises(InsufficientSynapses):
        services.hold(poor, job="trans_1", amount=6)

    assert Transfer.objects.count() == before


def test_a_refused_hold_can_be_tried_again_after_a_grant(poor):
    with pytest.raises(InsufficientSynapses):
        services.hold(poor, job="trans_1", amount=6)
    services.grant(poor, amount=1, key="gift")

    services.hold(poor, job="trans_1", amount=6)

    assert queries.balance(poor).held == 6


def test_a_refused_hold_spares_the_transaction_around_it(poor):
    with transaction.atomic():
        services.grant(poor, amount=1, key="gift")
        with pytest.raises(InsufficientSynapses):
            services.hold(poor, job="trans_1", amount=100)

    assert queries.balance(poor) == Balance(available=6, held=0, spent=0)


def test_a_hold_goes_away_with_the_transaction_around_it(acme):
    with transaction.atomic():
        services.hold(acme, job="trans_1", amount=100)
        transaction.set_rollback(True)

    assert queries.balance(acme) == Balance(available=START, held=0, spent=0)


def test_an_organization_without_a_wallet_can_hold_nothing(db):
    org = factories.organization("Fresh", synapses=0)

    with pytest.raises(InsufficientSynapses):
        services.hold(org, job="trans_1", amount=1)


def test_a_free_job_needs_no_synapses(db):
    org = factories.organization("Fresh", synapses=0)

    services.hold(org, job="trans_1", amount=0)

    assert services.settle("trans_1", amount=0) == Settlement(posted=0, released=0)


def test_a_further_hold_adds_to_the_first(acme):
    services.hold(acme, job="trans_1", amount=100)

    services.hold(acme, job="trans_1", amount=40, part=2)

    assert queries.balance(acme).held == 140


def test_a_repeated_further_hold_holds_once(acme):
    services.hold(acme, job="trans_1", amount=100)
    first = services.hold(acme, job="trans_1", amount=40, part=2)

    assert services.hold(acme, job="trans_1", amount=40, part=2) == first
    assert queries.balance(acme).held == 140


def test_a_refused_further_hold_keeps_the_first(poor):
    services.hold(poor, job="trans_1", amount=4)

    with pytest.raises(InsufficientSynapses):
        services.hold(poor, job="trans_1", amount=2, part=2)

    assert queries.balance(poor) == Balance(available=1, held=4, spent=0)


@pytest.mark.parametrize("end", [lambda: services.settle("trans_1", amount=60), lambda: services.release("trans_1")])
def test_a_job_that_has_ended_takes_no_further_hold(acme, end):
    services.hold(acme, job="trans_1", amount=100)
    end()

    with pytest.raises(AlreadyResolved):
        services.hold(acme, job="trans_1", amount=40, part=2)

    assert queries.balance(acme).held == 0


def test_somebody_elses_job_takes_no_hold(acme, globex):
    services.hold(acme, job="trans_1", amount=100)

    with pytest.raises(KeyReused):
        services.hold(globex, job="trans_1", amount=100)

    assert queries.balance(globex).held == 0


def test_somebody_elses_job_takes_no_further_hold(acme, globex):
    services.hold(acme, job="trans_1", amount=100)

    with pytest.raises(AlreadyResolved):
        services.hold(globex, job="trans_1", amount=40, part=2)

    assert queries.balance(globex).held == 0


def test_the_other_tenant_is_untouched_by_a_whole_life_of_a_job(acme, globex):
    services.hold(acme, job="trans_1", amount=100)
    services.settle("trans_1", amount=60)
    services.refund(acme, job="trans_1", amount=10)

    assert queries.balance(globex) == Balance(available=START, held=0, spent=0)


# --- Settlements and releases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("amount", "posted", "released"), [(0, 0, 100), (60, 60, 40), (100, 100, 0), (130, 100, 0)])
def test_a_settlement_charges_at_most_what_is_held_and_frees_the_rest(acme, amount, posted, released):
    services.hold(acme, job="trans_1", amount=100)

    settlement = services.settle("trans_1", amount=amount)

    assert settlement == Settlement(posted, released)
    assert queries.balance(acme) == Balance(available=START - posted, held=0, spent=posted)


@pytest.mark.parametrize(("amount", "posted"), [(0, [0, 0]), (60, [60, 0]), (100, [100, 0]), (101, [100, 1])])
def test_a_settlement_uses_up_one_hold_after_the_other(acme, amount, posted):
    services.hold(acme, job="trans_1", amount=100)
    services.hold(acme, job="trans_1", amount=40, part=2)

    services.settle("trans_1", amount=amount)

    posts = Transfer.objects.filter(kind=Transfer.Kind.POST).order_by("resolves")
    assert list(posts.values_list("amount", flat=True)) == posted
    assert queries.balance(acme).held == 0


def test_a_repeated_settlement_charges_once(acme):
    services.hold(acme, job="trans_1", amount=100)
    first = services.settle("trans_1", amount=60)

    assert services.settle("trans_1", amount=60) == first
    assert queries.balance(acme).spent == 60


def test_a_second_settlement_of_another_amount_is_refused(acme):
    services.hold(acme, job="trans_1", amount=100)
    services.settle("trans_1", amount=60)

    with pytest.raises(AlreadyResolved):
        services.settle("trans_1", amount=61)

    assert queries.balance(acme).spent == 60


def test_a_settled_job_cannot_be_released(acme):
    services.hold(acme, job="trans_1", amount=100)
    services.settle("trans_1", amount=60)

    with pytest.raises(AlreadyResolved):
        services.release("trans_1")

    assert queries.balance(acme).spent == 60


def test_even_a_settlement_of_nothing_is_no_release(acme):
    services.hold(acme, job="trans_1", amount=100)
    services.settle("trans_1", amount=0)

    with pytest.raises(AlreadyResolved):
        services.release("trans_1")


def test_a_release_frees_every_hold(acme):
    services.hold(acme, job="trans_1", amount=100)
    services.hold(acme, job="trans_1", amount=40, part=2)

    settlement = services.release("trans_1")

    assert settlement == Settlement(posted=0, released=140)
    assert queries.balance(acme) == Balance(available=START, held=0, spent=0)


def test_a_repeated_release_frees_once(acme):
    services.hold(acme, job="trans_1", amount=100)
    first = services.release("trans_1")

    assert services.release("trans_1") == first
    assert queries.balance(acme).available == START


def test_a_released_job_cannot_be_settled(acme):
    services.hold(acme, job="trans_1", amount=100)
    services.release("trans_1")

    with pytest.raises(AlreadyResolved):
        services.settle("trans_1", amount=60)

    assert queries.balance(acme).spent == 0


def test_a_repeated_hold_does_not_reopen_a_released_job(acme):
    services.hold(acme, job="trans_1", amount=100)
    services.release("trans_1")

    services.hold(acme, job="trans_1", amount=100)

    assert queries.balance(acme) == Balance(available=START, held=0, spent=0)


@pytest.mark.parametrize("end", [lambda: services.settle("trans_1", amount=1), lambda: services.release("trans_1")])
def test_nothing_ends_for_a_job_without_a_hold(acme, end):
    services.hold(acme, job="trans_2", amount=1)

    with pytest.raises(NoHold):
        end()

    assert queries.balance(acme).held == 1


# --- Refunds ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def charged(acme):
    """Acme, charged 60 for trans_1."""
    services.hold(acme, job="trans_1", amount=100)
    services.settle("trans_1", amount=60)
    return acme


def test_a_refund_gives_back(charged):
    services.refund(charged, job="trans_1", amount=25)

    assert queries.balance(charged).available == START - 60 + 25


def test_a_charge_can_be_refunded_in_parts_to_the_last_synapse(charged):
    services.refund(charged, job="trans_1", amount=25, number=1)

    services.refund(charged, job="trans_1", amount=35, number=2)

    assert queries.balance(charged).available == START


def test_refunds_never_exceed_the_charge(charged):
    services.refund(charged, job="trans_1", amount=25, number=1)

    with pytest.raises(RefundTooLarge) as refusal:
        services.refund(charged, job="trans_1", amount=36, number=2)

    assert refusal.value.details == {"charged": 60, "refunded": 25}
    assert refusal.value.message == "Only 35 of 60 synapses can still be refunded."
    assert queries.balance(charged).available == START - 35


def test_a_repeated_refund_gives_back_once(charged):
    first = services.refund(charged, job="trans_1", amount=25)

    assert services.refund(charged, job="trans_1", amount=25) == first
    assert queries.balance(charged).available == START - 35


def test_a_refund_of_another_amount_under_a_used_number_is_refused(charged):
    services.refund(charged, job="trans_1", amount=25)

    with pytest.raises(KeyReused):
        services.refund(charged, job="trans_1", amount=26)


def test_what_is_only_held_cannot_be_refunded(acme):
    services.hold(acme, job="trans_1", amount=100)

    with pytest.raises(RefundTooLarge):
        services.refund(acme, job="trans_1", amount=1)


def test_a_released_job_has_nothing_to_refund(acme):
    services.hold(acme, job="trans_1", amount=100)
    services.release("trans_1")

    with pytest.raises(RefundTooLarge):
        services.refund(acme, job="trans_1", amount=1)


def test_somebody_elses_charge_cannot_be_refunded(charged, globex):
    with pytest.raises(RefundTooLarge):
        services.refund(globex, job="trans_1", amount=1)

    assert queries.balance(globex).available == START


# --- Amounts that are none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", NOT_AMOUNTS)
def test_only_a_whole_amount_is_granted(acme, amount):
    with pytest.raises(InvalidAmount):
        services.grant(acme, amount=amount, key="gift")

    assert queries.balance(acme).available == START


@pytest.mark.parametrize("amount", NOT_AMOUNTS)
def test_only_a_whole_amount_is_held(acme, amount):
    with pytest.raises(InvalidAmount):
        services.hold(acme, job="trans_1", amount=amount)

    assert queries.balance(acme).held == 0


@pytest.mark.parametrize("amount", NOT_AMOUNTS)
def test_only_a_whole_amount_is_settled(acme, amount):
    services.hold(acme, job="trans_1", amount=100)

    with pytest.raises(InvalidAmount):
        services.settle("trans_1", amount=amount)

    assert queries.balance(acme).held == 100


@pytest.mark.parametrize("amount", NOT_AMOUNTS)
def test_only_a_whole_amount_is_refunded(charged, amount):
    with pytest.raises(InvalidAmount):
        services.refund(charged, job="trans_1", amount=amount)

    assert queries.balance(charged).available == START - 60


def test_the_system_accounts_keep_no_balance_that_would_be_hot(charged):
    sums = Account.objects.exclude(system=None).values_list("credits", "debits", "pending")

    assert set(sums) == {(0, 0, 0)}
