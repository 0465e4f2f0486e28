"""What can go wrong, as kinds that every dialect knows how to say.

Domain code raises one of these or a subclass of one. It never knows a status code: each dialect has one
table from kind to status, code and envelope (`platform/dialects/<vendor>/errors.py`).
"""

from typing import Any


class PolyscribeError(Exception):
    """Something went wrong."""

    code = "error"
    """A stable word for programs; a subclass names its own."""

    def __init__(self, message: str | None = None, **details: Any) -> None:
        # The first paragraph of a class's docstring is its default message, written for the person who reads it.
        paragraph = (type(self).__doc__ or "").strip().split("\n\n")[0]
        self.message = message or " ".join(paragraph.split())
        self.details = details
        super().__init__(self.message)


class Unauthenticated(PolyscribeError):
    """The access key is missing or not valid."""

    code = "unauthenticated"


class Forbidden(PolyscribeError):
    """This key may not do that."""

    code = "forbidden"


class NotFound(PolyscribeError):
    """There is nothing here under that id."""

    code = "not_found"


class Invalid(PolyscribeError):
    """The request cannot be understood.

    `fields` in the details maps a field's name to a list of sentences about it.
    """

    code = "invalid"


class Conflict(PolyscribeError):
    """That does not fit the present state."""

    code = "conflict"


class TooLarge(PolyscribeError):
    """That is larger than the limit."""

    code = "too_large"


class Unsupported(PolyscribeError):
    """That is not supported here."""

    code = "unsupported"


class InsufficientSynapses(PolyscribeError):
    """There are not enough synapses for this.

    Details: `required` and `available`, both whole synapses.
    """

    code = "insufficient_synapses"

    def __init__(self, *, required: int, available: int) -> None:
        super().__init__(
            f"Not enough synapses: {required} required, {available} available. Add synapses and try again.",
            required=required,
            available=available,
        )


class RateLimited(PolyscribeError):
    """Too many requests. Wait a moment and try again."""

    code = "rate_limited"


class QueueFull(PolyscribeError):
    """Too many jobs are waiting. Try again when some have finished."""

    code = "queue_full"


class Unavailable(PolyscribeError):
    """This part of the service cannot be reached at the moment. Try again later."""

    code = "unavailable"


KINDS: tuple[type[PolyscribeError], ...] = (
    Unauthenticated,
    Forbidden,
    NotFound,
    Invalid,
    Conflict,
    TooLarge,
    Unsupported,
    InsufficientSynapses,
    RateLimited,
    QueueFull,
    Unavailable,
)


def kind_of(error: PolyscribeError) -> type[PolyscribeError]:
    """Return the kind that `error` is of; PolyscribeError itself stands for an unforeseen fault."""
    return next((kind for kind in KINDS if isinstance(error, kind)), PolyscribeError)
