"""The ledger: accounts, and the transfers between them.

The model is TigerBeetle's. A transfer is *single* (moves at once) or *pending* (sets aside), and a pending one is
resolved at most once, by a *post* (moves all of it or less, frees the rest) or a *void* (frees all of it). Rows are
only ever added. A wallet's cached balance changes by one conditional UPDATE and is guarded by check constraints;
system accounts have no cached balance, so that no row is hot.
"""

from django.db import models
from django.db.models import F, Q

from core.ids import new_id
from orgs.models import Organization


def new_transfer_id() -> str:
    return new_id("transfer")


class Account(models.Model):
    """Where synapses are: an organization's wallet, or one of the system's own accounts."""

    class System(models.TextChoices):
        GRANTS = "grants"
        """Synapses given away come from here."""
        REVENUE = "revenue"
        """Synapses spent go here."""

    org = models.OneToOneField(Organization, models.PROTECT, null=True, blank=True, related_name="wallet")
    system = models.CharField(max_length=16, choices=System, null=True, blank=True, unique=True)
    credits = models.BigIntegerField(default=0)
    debits = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(credits__gte=0) & Q(debits__gte=0) & Q(pending__gte=0), name="account_sums_positive"
            ),
            models.CheckConstraint(
                condition=Q(system__isnull=False) | Q(credits__gte=F("debits") + F("pending")),
                name="account_never_overdrawn",
            ),
            models.CheckConstraint(
                condition=Q(org__isnull=True) ^ Q(system__isnull=True), name="account_has_one_holder"
            ),
        ]

    def __str__(self) -> str:
        return self.system or f"wallet of {self.org}"

    @property
    def available(self) -> int:
        return self.credits - self.debits - self.pending


class Transfer(models.Model):
    """One line of the journal."""

    class Kind(models.TextChoices):
        SINGLE = "single"
        PENDING = "pending"
        POST = "post"
        VOID = "void"

    class Code(models.TextChoices):
        GRANT = "grant"
        JOB = "job"
        REFUND = "refund"

    public_id = models.CharField(max_length=64, unique=True, default=new_transfer_id, editable=False)
    key = models.CharField(max_length=128, unique=True)
    """What makes a repetition harmless: the same key never moves anything twice."""
    kind = models.CharField(max_length=8, choices=Kind)
    code = models.CharField(max_length=8, choices=Code)
    debit = models.ForeignKey(Account, models.PROTECT, related_name="transfers_out")
    credit = models.ForeignKey(Account, models.PROTECT, related_name="transfers_in")
    amount = models.BigIntegerField()
    resolves = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="resolution")
    job = models.CharField(max_length=64, blank=True, db_index=True)
    """Public id of the job it is about, as text: billing knows nothing of jobs."""
    spender = models.CharField(max_length=64, blank=True)
    """Public id of the key that spends, whose monthly cap it counts against."""
    actor = models.CharField(max_length=200, blank=True)
    memo = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["debit", "-id"], name="transfer_out"),
            models.Index(fields=["credit", "-id"], name="transfer_in"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="transfer_amount_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two"),
            models.CheckConstraint(
                condition=Q(kind__in=["post", "void"], resolves__isnull=False)
                | Q(kind__in=["single", "pending"], resolves__isnull=True),
                name="transfer_resolves_if_resolution",
            ),
            models.CheckConstraint(condition=~Q(kind="void") | Q(amount=0), name="transfer_void_moves_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} ({self.key})"


class MonthlySpend(models.Model):
    """What a key has held and spent in one calendar month, counted for its cap."""

    spender = models.CharField(max_length=64)
    month = models.DateField()
    """First day of the month, UTC."""
    synapses = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["spender", "month"], name="monthly_spend_unique"),
            models.CheckConstraint(condition=Q(synapses__gte=0), name="monthly_spend_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.spender} {self.month:%Y-%m}: {self.synapses}"
