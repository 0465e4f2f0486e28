"""What VideoDB's clients are told when something goes wrong."""

from typing import Any

from core.context import request_id
from core.errors import (
    Conflict,
    Forbidden,
    InsufficientSynapses,
    Invalid,
    NotFound,
    PolyscribeError,
    QueueFull,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from dialects.auth import Credential
from dialects.faults import Dialect, WrongMethod


class PicturesUnsupported(Unsupported):
    """Pictures cannot be kept here yet. Send audio or video."""


ANSWERS: dict[type[PolyscribeError], tuple[int, str]] = {
    Unauthenticated: (401, "UNAUTHORIZED"),
    Forbidden: (403, "FORBIDDEN"),
    NotFound: (404, "NOT_FOUND"),
    Invalid: (400, "INVALID_REQUEST"),
    Conflict: (409, "CONFLICT"),
    TooLarge: (413, "TOO_LARGE"),
    Unsupported: (415, "UNSUPPORTED"),
    WrongMethod: (405, "METHOD_NOT_ALLOWED"),
    InsufficientSynapses: (402, "INSUFFICIENT_CREDITS"),
    RateLimited: (429, "RATE_LIMITED"),
    QueueFull: (429, "QUEUE_FULL"),
    Unavailable: (503, "UNAVAILABLE"),
    PolyscribeError: (500, "INTERNAL_ERROR"),
}
"""Kinds to status and `error_code`. The clients tell 401 from all others and show `message`; the vendor has published
no list of codes."""


def envelope(error: PolyscribeError, code: str) -> dict[str, Any]:
    return {"success": False, "message": error.message, "error_code": code, "request_id": request_id.get()}


VIDEODB = Dialect(
    name="videodb",
    credentials=(Credential("x-access-token"),),
    answers=ANSWERS,
    envelope=envelope,
)
