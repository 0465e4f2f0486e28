"""What a job costs."""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from orgs.models import Organization


class Priority(StrEnum):
    """How urgent a job is."""

    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


SYNAPSES_PER_SECOND = Decimal(1)
PRIORITY_MULTIPLIERS = {Priority.NORMAL: Decimal(1), Priority.HIGH: Decimal("1.5"), Priority.URGENT: Decimal(2)}


@dataclass(frozen=True)
class Rate:
    """The factors of a price, fixed when a job is asked for, whatever changes later."""

    base: Decimal
    organization: Decimal
    priority: Decimal

    def synapses(self, seconds: float) -> int:
        """Return the price of `seconds` of audio.

        The formula: ceil(ceil(seconds) × base × organization × priority), exactly, in decimals. Every started second
        counts.
        """
        exact = math.ceil(seconds) * self.base * self.organization * self.priority
        return int(exact.to_integral_value(rounding=ROUND_CEILING))


def rate(org: Organization, *, priority: Priority | str = Priority.NORMAL) -> Rate:
    """Return what `org` pays now for jobs of this priority. Raises ValueError for an unknown one."""
    return Rate(
        base=SYNAPSES_PER_SECOND,
        organization=org.price_multiplier,
        priority=PRIORITY_MULTIPLIERS[Priority(priority)],
    )


@dataclass(frozen=True)
class Quote:
    """What a job of so many seconds would cost at a rate."""

    rate: Rate
    seconds: float
    synapses: int


def quote(org: Organization, *, seconds: float, priority: Priority | str = Priority.NORMAL) -> Quote:
    """Return what `seconds` of audio cost `org` now. Nothing is held. Raises ValueError for an unknown priority."""
    now = rate(org, priority=priority)
    return Quote(now, seconds, now.synapses(seconds))
