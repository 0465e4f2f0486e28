"""The monthly cap of a key, counted in the transaction of the hold."""

from datetime import UTC, date, datetime

from django.db.models import F

from billing.errors import CapReached
from billing.models import MonthlySpend, Transfer
from orgs.models import ApiKey


def count(spender: ApiKey, amount: int, *, at: datetime) -> None:
    """Count `amount` against the key's cap for the month of `at`.

    Raises CapReached when the month would exceed it.
    """
    row, _ = MonthlySpend.objects.get_or_create(spender=spender.public_id, month=_month(at))
    within = MonthlySpend.objects.filter(pk=row.pk)
    if spender.monthly_cap_synapses is not None:
        within = within.filter(synapses__lte=spender.monthly_cap_synapses - amount)
    if not within.update(synapses=F("synapses") + amount):
        row.refresh_from_db()
        raise CapReached(cap=spender.monthly_cap_synapses, spent=row.synapses, required=amount)


def give_back(hold: Transfer, amount: int) -> None:
    """Take what a hold did not use off the month in which it was held."""
    if hold.spender and amount:
        MonthlySpend.objects.filter(spender=hold.spender, month=_month(hold.created_at)).update(
            synapses=F("synapses") - amount
        )


def _month(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)
