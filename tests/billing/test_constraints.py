"""The promises that the database keeps by itself, tried past every service."""

import pytest
from django.db import IntegrityError, connection
from django.db.models import F

from billing import services
from billing.models import Account, MonthlySpend, Transfer
from orgs.models import ApiKey, Organization
from tests import factories

pytestmark = pytest.mark.django_db

DEEDS = sorted({field.column for field in Transfer._meta.concrete_fields} - {"actor", "memo"})


@pytest.fixture
def wallet(acme):
    return services.open_wallet(acme)


@pytest.fixture
def held(acme):
    """A hold of 100 for trans_1."""
    return services.hold(acme, job="trans_1", amount=100)


def changed_wallet(wallet, **changes) -> None:
    Account.objects.filter(pk=wallet.pk).update(**changes)


def copied(transfer: Transfer, **changes) -> Transfer:
    """Insert a row like `transfer`, without asking any service."""
    names = ("kind", "code", "debit", "credit", "amount", "resolves", "job", "spender")
    return Transfer.objects.create(**{"key": "copy"} | {name: getattr(transfer, name) for name in names} | changes)


# --- Accounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"credits": -1},
        {"debits": -1},
        {"pending": -1},
        {"credits": F("credits") - 10_001},
        {"debits": F("debits") + 10_001},
        {"pending": F("pending") + 10_001},
        {"debits": 5_000, "pending": 5_001},
    ],
)
def test_a_wallet_cannot_be_overdrawn_or_negative(wallet, changes):
    with pytest.raises(IntegrityError):
        changed_wallet(wallet, **changes)


def test_raw_sql_cannot_overdraw_a_wallet(wallet):
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_account SET pending = pending + 10001 WHERE id = %s", [wallet.pk])


def test_a_wallet_can_be_emptied_to_the_last_synapse(wallet):
    changed_wallet(wallet, debits=5_000, pending=5_000)

    wallet.refresh_from_db()
    assert wallet.available == 0


def test_an_organization_has_one_wallet(wallet):
    with pytest.raises(IntegrityError):
        Account.objects.create(org=wallet.org)


def test_a_system_account_exists_once(wallet):
    with pytest.raises(IntegrityError):
        Account.objects.create(system=Account.System.GRANTS)


def test_an_account_belongs_to_somebody(db):
    with pytest.raises(IntegrityError):
        Account.objects.create()


def test_an_account_does_not_belong_to_an_organization_and_the_system(db):
    org = factories.organization("Fresh", synapses=0)

    with pytest.raises(IntegrityError):
        Account.objects.create(org=org, system=Account.System.REVENUE)


def test_an_organization_with_a_wallet_cannot_be_deleted(acme):
    with pytest.raises(IntegrityError):
        Organization.objects.filter(pk=acme.pk).delete()


# --- Transfers --------------------------------------------------------------------------------------------------------


def test_a_key_moves_synapses_once(held):
    with pytest.raises(IntegrityError):
        copied(held, key=held.key)


def test_a_public_id_names_one_transfer(held):
    with pytest.raises(IntegrityError):
        copied(held, public_id=held.public_id)


def test_a_transfer_is_never_negative(held):
    with pytest.raises(IntegrityError):
        copied(held, amount=-1)


def test_a_transfer_is_between_two_accounts(held):
    with pytest.raises(IntegrityError):
        copied(held, credit=held.debit)


def test_a_hold_is_resolved_once(held):
    services.settle("trans_1", amount=60)

    with pytest.raises(IntegrityError):
        copied(held, kind=Transfer.Kind.VOID, amount=0, resolves=held)


@pytest.mark.parametrize("kind", [Transfer.Kind.POST, Transfer.Kind.VOID])
def test_a_resolution_resolves_something(held, kind):
    with pytest.raises(IntegrityError):
        copied(held, kind=kind, amount=0)


@pytest.mark.parametrize("kind", [Transfer.Kind.SINGLE, Transfer.Kind.PENDING])
def test_only_a_resolution_resolves_something(held, kind):
    with pytest.raises(IntegrityError):
        copied(held, kind=kind, resolves=held)


def test_a_void_moves_nothing(held):
    with pytest.raises(IntegrityError):
        copied(held, kind=Transfer.Kind.VOID, amount=1, resolves=held)


def test_a_transfer_is_of_a_known_kind(held):
    with pytest.raises(IntegrityError):
        copied(held, kind="gift")


# --- The journal is never rewritten -----------------------------------------------------------------------------------


@pytest.mark.parametrize("column", DEEDS)
def test_what_a_transfer_did_cannot_be_rewritten(held, column):
    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(f'UPDATE billing_transfer SET "{column}" = "{column}" WHERE id = %s', [held.pk])


@pytest.mark.parametrize("changes", [{"amount": 99}, {"kind": "single"}, {"debit": F("credit"), "credit": F("debit")}])
def test_no_query_rewrites_a_transfer(held, changes):
    with pytest.raises(IntegrityError, match="append-only"):
        Transfer.objects.filter(pk=held.pk).update(**changes)


def test_a_transfer_cannot_be_saved_a_second_time(held):
    held.amount = 1

    with pytest.raises(IntegrityError, match="append-only"):
        held.save()


def test_a_transfer_cannot_be_deleted(held):
    with pytest.raises(IntegrityError, match="append-only"):
        held.delete()


def test_raw_sql_cannot_delete_a_transfer(held):
    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_transfer WHERE id = %s", [held.pk])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
def test_the_journal_cannot_be_truncated(held):
    connection.check_constraints()

    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE billing_transfer CASCADE")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
def test_a_transfer_cannot_be_replaced(held):
    statement = "REPLACE INTO billing_transfer SELECT * FROM billing_transfer WHERE id = %s"

    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement, [held.pk])


def test_who_did_it_and_why_can_be_forgotten(held):
    Transfer.objects.filter(pk=held.pk).update(actor="", memo="Erased on request.")

    held.refresh_from_db()
    assert (held.actor, held.memo) == ("", "Erased on request.")


# --- Caps -------------------------------------------------------------------------------------------------------------


def test_a_month_is_counted_once_per_key(db):
    MonthlySpend.objects.create(spender="key_1", month="2026-01-01")

    with pytest.raises(IntegrityError):
        MonthlySpend.objects.create(spender="key_1", month="2026-01-01")


def test_a_months_spend_is_never_negative(db):
    with pytest.raises(IntegrityError):
        MonthlySpend.objects.create(spender="key_1", month="2026-01-01", synapses=-1)


def test_a_cap_is_never_negative(acme):
    key = factories.key(acme).key

    with pytest.raises(IntegrityError):
        ApiKey.objects.filter(pk=key.pk).update(monthly_cap_synapses=-1)
