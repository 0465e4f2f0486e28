"""Every kind of damage that the audit promises to find, done past all guards."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.models import F

from billing import services
from billing.audit import Discrepancy, audit
from billing.models import Account, MonthlySpend, Transfer
from core.append_only import lifted
from tests import factories


@contextmanager
def unguarded():
    """Take triggers and check constraints away for the block."""
    connection.check_constraints()  # PostgreSQL drops no trigger while deferred checks wait
    with lifted(connection), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            try:
                yield
            finally:
                cursor.execute("PRAGMA ignore_check_constraints = OFF")
        else:
            cursor.execute(
                "SELECT conrelid::regclass, conname FROM pg_constraint"
                " WHERE contype = 'c' AND conrelid IN ('billing_account'::regclass, 'billing_transfer'::regclass)"
            )
            for table, name in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            yield


@pytest.fixture
def books(acme, globex):
    """A ledger in which everything happens once: a charge, a refund, a release, an open hold, a key's spending."""
    key = factories.key(acme).key
    services.hold(acme, job="trans_1", amount=100, spender=key)
    services.settle("trans_1", amount=60)
    services.refund(acme, job="trans_1", amount=20)
    services.hold(acme, job="trans_2", amount=70)
    services.release("trans_2")
    services.hold(acme, job="trans_3", amount=30, spender=key)
    services.hold(globex, job="trans_4", amount=40)
    return services.open_wallet(acme)


def damage(row, **changes) -> None:
    with unguarded():
        type(row).objects.filter(pk=row.pk).update(**changes)


def rules() -> set[str]:
    return {discrepancy.rule for discrepancy in audit()}


def the(**where) -> Transfer:
    return Transfer.objects.get(**where)


@pytest.mark.django_db
def test_nothing_is_wrong_with_a_ledger_that_was_never_used(db):
    assert audit() == []


@pytest.mark.django_db
def test_nothing_is_wrong_with_a_sound_ledger(books):
    assert audit() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "expected", "found"), [("credits", 10_020, 10_021), ("debits", 60, 61), ("pending", 30, 31)]
)
def test_a_wallet_that_differs_from_its_transfers_is_found(books, field, expected, found):
    damage(books, **{field: F(field) + 1})

    assert Discrepancy(f"{field} equal the journal", f"account {books.pk}", expected, found) in audit()


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"credits": F("credits") + 1}, {"debits": F("debits") - 1}])
def test_synapses_from_nowhere_are_found(books, change):
    damage(books, **change)

    assert "given equals left, held and spent" in rules()


@pytest.mark.django_db
def test_an_overdrawn_wallet_is_found(books):
    damage(books, debits=10_020, pending=30)

    assert Discrepancy("a wallet is never overdrawn", f"account {books.pk}", 0, -30) in audit()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "where",
    [
        {"code": "refund"},
        {"kind": "post"},
        {"kind": "void"},
        {"key": "hold:trans_3"},
        {"key__startswith": "grant:", "credit__org__name": "Acme"},
    ],
    ids=["refund", "post", "void", "hold", "grant"],
)
def test_a_transfer_that_was_removed_is_found(books, where):
    with unguarded():
        the(**where).delete()

    assert any(rule.endswith("equal the journal") for rule in rules())


@pytest.mark.django_db
def test_a_transfer_that_was_slipped_in_is_found(books):
    post = the(kind="post")

    Transfer.objects.create(key="gift", kind="single", code="grant", debit=post.credit, credit=books, amount=5)

    assert {"credits equal the journal", "given equals left, held and spent"} <= rules()


@pytest.mark.django_db
@pytest.mark.parametrize("where", [{"code": "refund"}, {"kind": "post"}, {"key": "hold:trans_3"}])
def test_a_rewritten_amount_is_found(books, where):
    damage(the(**where), amount=F("amount") + 1)

    assert any(rule.endswith("equal the journal") for rule in rules())


@pytest.mark.django_db
def test_a_settlement_beyond_its_hold_is_found_even_if_the_wallet_agrees(books):
    damage(the(kind="post"), amount=101)
    damage(books, debits=101)

    assert Discrepancy("a resolution is within its hold", the(kind="post").key, 100, 101) in audit()


@pytest.mark.django_db
def test_a_release_that_charges_is_found_even_if_the_wallet_agrees(books):
    damage(the(kind="void"), amount=7)
    damage(books, debits=F("debits") + 7)

    assert Discrepancy("a resolution is within its hold", the(kind="void").key, 0, 7) in audit()


@pytest.mark.django_db
def test_a_resolution_of_what_is_no_hold_is_found(books):
    damage(the(kind="void"), resolves=the(code="refund"))

    assert "a resolution ends a hold of its own" in rules()


@pytest.mark.django_db
def test_a_resolution_of_somebody_elses_hold_is_found(books):
    damage(the(kind="void"), resolves=the(job="trans_4"))

    assert "a resolution ends a hold of its own" in rules()


@pytest.mark.django_db
def test_a_resolution_for_another_job_is_found(books):
    damage(the(kind="post"), job="trans_3")

    assert "a resolution ends a hold of its own" in rules()


@pytest.mark.django_db
def test_refunds_beyond_the_charge_are_found_even_if_the_wallet_agrees(books):
    damage(the(code="refund"), amount=61)
    damage(books, credits=10_061)

    assert audit() == [Discrepancy("refunds are within the charge", "trans_1", 60, 61)]


@pytest.mark.django_db
def test_a_refund_to_somebody_else_is_found(books):
    globex = Account.objects.get(org__name="Globex")
    damage(the(code="refund"), credit=globex)
    damage(books, credits=10_000)
    damage(globex, credits=10_020)

    assert audit() == [Discrepancy("refunds are within the charge", "trans_1", 0, 20)]


@pytest.mark.django_db
def test_a_charge_in_disguise_is_found_even_if_the_wallet_agrees(books):
    revenue = Account.objects.get(system="revenue")
    Transfer.objects.create(key="fee", kind="single", code="job", debit=books, credit=revenue, amount=5)
    damage(books, debits=F("debits") + 5)

    assert rules() == {"given equals left, held and spent"}


@pytest.mark.django_db
def test_a_month_that_was_counted_wrongly_is_found(books):
    month = MonthlySpend.objects.get()

    damage(month, synapses=91)

    assert audit() == [
        Discrepancy("a month's spend equals the journal", f"{month.spender} {month.month:%Y-%m}", 90, 91)
    ]


@pytest.mark.django_db
def test_a_month_that_was_forgotten_is_found(books):
    month = MonthlySpend.objects.get()

    month.delete()

    assert audit() == [Discrepancy("a month's spend equals the journal", f"{month.spender} {month.month:%Y-%m}", 90, 0)]


@pytest.mark.django_db
def test_a_month_that_was_made_up_is_found(books):
    MonthlySpend.objects.create(spender="key_made_up", month="2026-01-01", synapses=5)

    assert audit() == [Discrepancy("a month's spend equals the journal", "key_made_up 2026-01", 0, 5)]


def test_a_discrepancy_reads_as_a_sentence():
    discrepancy = Discrepancy("credits equal the journal", "account 3", 10, 11)

    assert str(discrepancy) == "credits equal the journal: account 3: expected 10, found 11"


@pytest.mark.django_db(transaction=True)
def test_synapses_that_move_during_the_audit_are_no_discrepancy(books):
    def grant_from_outside() -> None:
        services.grant(books.org, amount=5, key="meanwhile")
        connection.close()

    def between_journal_and_wallets(execute, sql, params, many, context):
        if 'FROM "billing_account"' in sql and meanwhile.ident is None:
            meanwhile.start()
            meanwhile.join()
        return execute(sql, params, many, context)

    meanwhile = threading.Thread(target=grant_from_outside)
    with connection.execute_wrapper(between_journal_and_wallets):
        found = audit()

    assert found == []
    assert Transfer.objects.filter(key="grant:meanwhile").exists()


@pytest.mark.django_db(transaction=True)
def test_an_audit_leaves_no_transaction_open(books):
    audit()

    services.grant(books.org, amount=5, key="afterwards")
    assert audit() == []
