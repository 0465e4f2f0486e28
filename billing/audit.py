"""Replay the journal from nothing and compare it with what the accounts say."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

from billing.models import Account, MonthlySpend, Transfer


@dataclass(frozen=True)
class Discrepancy:
    """A promise of the ledger that does not hold."""

    rule: str
    subject: str
    expected: int | str
    found: int | str

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}: expected {self.expected}, found {self.found}"


@dataclass
class _Sums:
    credits: int = 0
    debits: int = 0
    pending: int = 0


def audit() -> list[Discrepancy]:
    """Return every discrepancy between journal and accounts; empty means that all is well.

    Checks that each wallet's cached sums equal its transfers, that no wallet is overdrawn, that a resolution ends a
    hold of the same accounts and takes no more than was held, that no job is refunded more than it was charged, that
    the months counted for caps equal the journal, and that synapses given equal synapses held, spent and left. Reads
    everything as of one moment, and may run while synapses move.
    """
    with _one_moment():
        replay = _Replay()
        for transfer in Transfer.objects.select_related("resolves").order_by("pk").iterator(chunk_size=2000):
            replay.apply(transfer)
        comparisons = _compare_wallets, _compare_refunds, _compare_months, _compare_totals
        return [*replay.found, *(found for compare in comparisons for found in compare(replay))]


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read from one snapshot. Django's own transactions would lock out every writer on SQLite meanwhile."""
    if connection.in_atomic_block:
        yield
        return
    isolation = " ISOLATION LEVEL REPEATABLE READ, READ ONLY" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN{isolation}")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


class _Replay:
    """What the journal alone says; transfers may come in any order."""

    def __init__(self) -> None:
        self.sums: dict[int, _Sums] = defaultdict(_Sums)
        self.months: dict[tuple[str, str], int] = defaultdict(int)
        self.charged: dict[tuple[str, int], int] = defaultdict(int)
        self.refunded: dict[tuple[str, int], int] = defaultdict(int)
        self.granted = 0
        self.found: list[Discrepancy] = []

    def apply(self, transfer: Transfer) -> None:
        out, into = self.sums[transfer.debit_id], self.sums[transfer.credit_id]
        match transfer.kind:
            case Transfer.Kind.SINGLE:
                out.debits += transfer.amount
                into.credits += transfer.amount
            case Transfer.Kind.PENDING:
                out.pending += transfer.amount
            case Transfer.Kind.POST | Transfer.Kind.VOID:
                out.pending -= transfer.resolves.amount
                out.debits += transfer.amount
                into.credits += transfer.amount
                self._check_resolution(transfer, transfer.resolves)
        match transfer.kind, transfer.code:
            case _, Transfer.Code.GRANT:
                self.granted += transfer.amount
            case _, Transfer.Code.REFUND:
                self.refunded[transfer.job, transfer.credit_id] += transfer.amount
            case Transfer.Kind.POST, _:
                self.charged[transfer.job, transfer.debit_id] += transfer.amount
        if transfer.spender:
            hold = transfer.resolves or transfer
            change = transfer.amount - (transfer.resolves.amount if transfer.resolves else 0)
            self.months[transfer.spender, hold.created_at.strftime("%Y-%m")] += change

    def _check_resolution(self, transfer: Transfer, hold: Transfer) -> None:
        if (hold.kind, _path(hold)) != (Transfer.Kind.PENDING, _path(transfer)):
            expected, found = f"pending {_path(transfer)}", f"{hold.kind} {_path(hold)}"
            self.found.append(Discrepancy("a resolution ends a hold of its own", transfer.key, expected, found))
        limit = hold.amount if transfer.kind == Transfer.Kind.POST else 0
        if transfer.amount > limit:
            self.found.append(Discrepancy("a resolution is within its hold", transfer.key, limit, transfer.amount))


def _path(transfer: Transfer) -> str:
    return f"from account {transfer.debit_id} to {transfer.credit_id} for {transfer.job}"


def _compare_wallets(replay: _Replay) -> Iterator[Discrepancy]:
    for wallet in Account.objects.filter(system=None).order_by("pk"):
        sums, name = replay.sums[wallet.pk], f"account {wallet.pk}"
        for field in ("credits", "debits", "pending"):
            expected, found = getattr(sums, field), getattr(wallet, field)
            if expected != found:
                yield Discrepancy(f"{field} equal the journal", name, expected, found)
        if wallet.available < 0:
            yield Discrepancy("a wallet is never overdrawn", name, 0, wallet.available)


def _compare_refunds(replay: _Replay) -> Iterator[Discrepancy]:
    for (job, wallet), refunded in replay.refunded.items():
        charged = replay.charged[job, wallet]
        if refunded > charged:
            yield Discrepancy("refunds are within the charge", job, charged, refunded)


def _compare_months(replay: _Replay) -> Iterator[Discrepancy]:
    counted = {(row.spender, row.month.strftime("%Y-%m")): row.synapses for row in MonthlySpend.objects.all()}
    for spender, month in sorted(counted.keys() | replay.months.keys()):
        expected, found = replay.months[spender, month], counted.get((spender, month), 0)
        if expected != found:
            yield Discrepancy("a month's spend equals the journal", f"{spender} {month}", expected, found)


def _compare_totals(replay: _Replay) -> Iterator[Discrepancy]:
    left = sum(wallet.available + wallet.pending for wallet in Account.objects.filter(system=None))
    spent = sum(replay.charged.values()) - sum(replay.refunded.values())
    if replay.granted != left + spent:
        yield Discrepancy("given equals left, held and spent", "all accounts", replay.granted, left + spent)
