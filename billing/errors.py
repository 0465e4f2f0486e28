"""What can go wrong with synapses."""

from core.errors import Conflict, InsufficientSynapses, Invalid, RateLimited

__all__ = [
    "AlreadyResolved",
    "CapReached",
    "InsufficientSynapses",
    "InvalidAmount",
    "KeyReused",
    "NoHold",
    "RefundTooLarge",
]


class InvalidAmount(Invalid):
    """An amount of synapses is a whole number, not negative and not beyond reason."""

    code = "invalid_amount"


class KeyReused(Conflict):
    """This key was used before for a transfer of another amount or kind."""

    code = "transfer_key_reused"


class AlreadyResolved(Conflict):
    """What was held for this job was already settled or released."""

    code = "hold_already_resolved"


class NoHold(Conflict):
    """Nothing is held for this job."""

    code = "no_hold"


class RefundTooLarge(Invalid):
    """A refund cannot exceed what was charged."""

    code = "refund_too_large"


class CapReached(RateLimited):
    """This access key has reached its monthly cap of synapses. Raise the cap or wait for the next month.

    Details: `cap`, `spent` and `required`, whole synapses.
    """

    code = "key_cap_reached"
