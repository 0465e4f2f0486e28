"""Ask about synapses."""

from dataclasses import dataclass

from django.db.models import Sum

from billing.models import Account, Transfer
from orgs.models import Organization


@dataclass(frozen=True)
class Balance:
    """A wallet at one moment, in synapses; `spent` counts every charge, also one refunded since."""

    available: int
    held: int
    spent: int


@dataclass(frozen=True)
class JobCharge:
    """What a job has cost so far, in synapses, and the transfer that holds it."""

    held: int
    charged: int
    refunded: int
    transfer: str


def balance(org: Organization) -> Balance:
    """Return the balance of `org`; all zero for one that never had a synapse."""
    wallet = Account.objects.filter(org=org).first() or Account()
    return Balance(available=wallet.available, held=wallet.pending, spent=wallet.debits)


def job_charge(org: Organization, job: str) -> JobCharge:
    """Return what is held, charged and refunded for the job with this public id."""
    transfers = Transfer.objects.filter(job=job)
    out = transfers.filter(debit__org=org)
    pending = out.filter(kind=Transfer.Kind.PENDING)
    first = pending.order_by("pk").first()
    return JobCharge(
        held=_sum(pending.filter(resolution=None)),
        charged=_sum(out.filter(kind=Transfer.Kind.POST)),
        refunded=_sum(transfers.filter(credit__org=org, code=Transfer.Code.REFUND)),
        transfer=first.public_id if first else "",
    )


def _sum(transfers) -> int:
    return transfers.aggregate(total=Sum("amount"))["total"] or 0
