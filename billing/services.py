"""Move synapses: the only place where a balance changes.

Every function may be called twice with the same arguments and moves synapses once. Each inserts the transfer first,
so that the unique key decides who is first, and then changes the wallet by one conditional UPDATE, whose row count
decides whether there is enough. That behaves alike on SQLite and PostgreSQL.
"""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from billing import caps
from billing.errors import (
    AlreadyResolved,
    InsufficientSynapses,
    InvalidAmount,
    KeyReused,
    NoHold,
    RefundTooLarge,
)
from billing.models import Account, Transfer
from orgs.models import ApiKey, Organization

_MOST = 10**15
"""Of one transfer: far from the end of 64 bits, behind which SQLite goes on in floating point."""


@dataclass(frozen=True)
class Settlement:
    """How the holds of a job ended, in synapses."""

    posted: int
    released: int


def open_wallet(org: Organization) -> Account:
    """Return the wallet of `org`, made on first use."""
    return Account.objects.get_or_create(org=org)[0]


@transaction.atomic
def grant(org: Organization, *, amount: int, key: str, memo: str = "", actor: str = "") -> Transfer:
    """Give `amount` synapses to `org`.

    Raises KeyReused when `key` once granted something else, InvalidAmount.
    """
    wallet = open_wallet(org)
    transfer, is_new = _insert(
        key=f"grant:{key}",
        kind=Transfer.Kind.SINGLE,
        code=Transfer.Code.GRANT,
        debit=_system(Account.System.GRANTS),
        credit=wallet,
        amount=amount,
        memo=memo,
        actor=actor,
    )
    if is_new:
        Account.objects.filter(pk=wallet.pk).update(credits=F("credits") + amount)
    return transfer


@transaction.atomic
def hold(
    org: Organization, *, job: str, amount: int, part: int = 1, spender: ApiKey | None = None, memo: str = ""
) -> Transfer:
    """Set `amount` synapses aside for `job`; a further hold of the same job takes the next `part`.

    Raises InsufficientSynapses, CapReached when `spender` may not spend so much this month, AlreadyResolved when the
    job's earlier holds have ended, KeyReused, InvalidAmount.
    """
    wallet = open_wallet(org)
    transfer, is_new = _insert(
        key=f"hold:{job}" if part == 1 else f"hold:{job}:{part}",
        kind=Transfer.Kind.PENDING,
        code=Transfer.Code.JOB,
        debit=wallet,
        credit=_system(Account.System.REVENUE),
        amount=amount,
        job=job,
        spender=spender.public_id if spender else "",
        memo=memo,
    )
    if not is_new:
        return transfer
    enough = Account.objects.filter(pk=wallet.pk, credits__gte=F("debits") + F("pending") + amount)
    if not enough.update(pending=F("pending") + amount):
        wallet.refresh_from_db()
        raise InsufficientSynapses(required=amount, available=wallet.available)
    # The update locked the wallet, as settle and release do before they list the holds they end.
    if Transfer.objects.filter(job=job).exclude(debit=wallet, kind=Transfer.Kind.PENDING).exists():
        raise AlreadyResolved
    if spender is not None:
        caps.count(spender, amount, at=transfer.created_at)
    return transfer


@transaction.atomic
def settle(job: str, *, amount: int) -> Settlement:
    """Charge `amount` synapses for a finished job out of what is held for it, and free the rest.

    Never charges more than is held. Raises NoHold, InvalidAmount, or AlreadyResolved after a release and after a
    settlement of another amount.
    """
    left, posted, released = _whole(amount), 0, 0
    for pending in _holds(job):
        part = min(left, pending.amount)
        _resolve(pending, Transfer.Kind.POST, part)
        left, posted, released = left - part, posted + part, released + pending.amount - part
    return Settlement(posted, released)


@transaction.atomic
def release(job: str) -> Settlement:
    """Free everything that is held for a job that costs nothing: failed, cancelled or expired.

    Raises NoHold, or AlreadyResolved after a settlement.
    """
    released = 0
    for pending in _holds(job):
        _resolve(pending, Transfer.Kind.VOID, 0)
        released += pending.amount
    return Settlement(0, released)


@transaction.atomic
def refund(org: Organization, *, job: str, amount: int, number: int = 1, memo: str = "", actor: str = "") -> Transfer:
    """Give back `amount` of what was charged for `job`; `number` tells several refunds of a job apart.

    Raises RefundTooLarge when all refunds together would exceed the charge, KeyReused, InvalidAmount.
    """
    wallet = open_wallet(org)
    transfer, is_new = _insert(
        key=f"refund:{job}:{number}",
        kind=Transfer.Kind.SINGLE,
        code=Transfer.Code.REFUND,
        debit=_system(Account.System.REVENUE),
        credit=wallet,
        amount=amount,
        job=job,
        memo=memo,
        actor=actor,
    )
    if is_new:
        # The update locks the wallet, so that the sums below already see every other refund of it.
        Account.objects.filter(pk=wallet.pk).update(credits=F("credits") + amount)
        charged = _sum(debit=wallet, job=job, kind=Transfer.Kind.POST)
        refunded = _sum(credit=wallet, job=job, code=Transfer.Code.REFUND)
        if refunded > charged:
            raise RefundTooLarge(
                f"Only {charged - (refunded - amount)} of {charged} synapses can still be refunded.",
                charged=charged,
                refunded=refunded - amount,
            )
    return transfer


def _holds(job: str) -> list[Transfer]:
    """Return every hold of a job and keep its wallet locked, so that no further one slips in before they end."""
    holds = Transfer.objects.filter(job=job, kind=Transfer.Kind.PENDING)
    if not Account.objects.select_for_update(no_key=True).filter(pk__in=holds.values("debit")):
        raise NoHold
    return list(holds.select_related("debit", "credit").order_by("pk"))


def _resolve(pending: Transfer, kind: Transfer.Kind, amount: int) -> None:
    # One key for either way to end: whoever comes second finds it taken.
    transfer, is_new = _insert(
        key=f"settle:{pending.public_id}",
        kind=kind,
        code=pending.code,
        debit=pending.debit,
        credit=pending.credit,
        amount=amount,
        resolves=pending,
        job=pending.job,
        spender=pending.spender,
        reused=AlreadyResolved,
    )
    if is_new:
        Account.objects.filter(pk=pending.debit_id).update(
            pending=F("pending") - pending.amount, debits=F("debits") + amount
        )
        caps.give_back(pending, pending.amount - amount)


def _insert(*, key: str, amount: int, reused: type[Exception] = KeyReused, **body) -> tuple[Transfer, bool]:
    """Add a transfer, or return the one that has this key already; raise `reused` when that one says otherwise."""
    body["amount"] = _whole(amount)
    try:
        with transaction.atomic():
            return Transfer.objects.create(key=key, **body), True
    except IntegrityError:
        present = Transfer.objects.filter(key=key).first()
        if present is None:
            raise
        # Words about a transfer may differ between repetitions, what it does may not.
        deeds = ("kind", "code", "debit", "credit", "amount", "job")
        if any(getattr(present, name) != body.get(name, "") for name in deeds):
            raise reused from None
        return present, False


def _whole(amount: int) -> int:
    if not isinstance(amount, int) or not 0 <= amount <= _MOST:
        raise InvalidAmount
    return amount


def _system(name: Account.System) -> Account:
    return Account.objects.get_or_create(system=name)[0]


def _sum(**where) -> int:
    return Transfer.objects.filter(**where).aggregate(total=Sum("amount"))["total"] or 0
