"""What a dialect says when something goes wrong, and how whatever was raised becomes one of our own errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as rest

from core.errors import (
    Forbidden,
    Invalid,
    NotFound,
    PolyscribeError,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unsupported,
    kind_of,
)
from dialects.auth import Credential


class UnknownPath(NotFound):
    """There is nothing at this address. Check its spelling."""


class WrongMethod(Unsupported):
    """This address does not know that method.

    Details: `allowed`, the methods that it knows.
    """

    code = "method_not_allowed"

    def __init__(self, method: str, *, allowed: Sequence[str]) -> None:
        super().__init__(f"{method} is not possible at this address. Use {', '.join(allowed)}.", allowed=allowed)


class BrokenOff(Invalid):
    """The request ended before all of it had arrived. Send it again."""


_BAD_REQUESTS = (BadRequest, MultiPartParserError, SuspiciousOperation, rest.ParseError)
_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def foreseen(error: Exception) -> PolyscribeError:
    """Return `error` in our own words.

    Raises it again when nobody foresaw it: that is a fault of ours, which Django writes down once with its trace.
    """
    match error:
        case PolyscribeError() if kind_of(error) is not PolyscribeError:
            return error
        case Http404() | rest.NotFound():
            return UnknownPath()
        case PermissionDenied() | rest.PermissionDenied():
            return Forbidden()
        case rest.NotAuthenticated() | rest.AuthenticationFailed():
            return Unauthenticated()
        case rest.UnsupportedMediaType():
            return Unsupported("A body of this Content-Type cannot be read here.")
        case rest.Throttled():
            return RateLimited()
        case UnreadablePostError():
            return BrokenOff()
    if isinstance(error, _TOO_LARGE):  # before the suspicious ones, which they are too
        return TooLarge("The body of this request is larger than the limit.")
    if isinstance(error, _BAD_REQUESTS):
        return Invalid()
    raise error


@dataclass(frozen=True)
class Dialect:
    """One vendor's way of being asked and of saying no."""

    name: str
    credentials: tuple[Credential, ...]
    answers: Mapping[type[PolyscribeError], tuple[int, str]]
    """From a kind of error, or a narrower class where the vendor tells it apart, to status and code."""
    envelope: Callable[[PolyscribeError, str], dict[str, Any]]
    """From an error and its code to the body."""

    def answer(self, error: PolyscribeError) -> HttpResponse:
        """Return the response that tells `error`."""
        status, code = next(self.answers[cls] for cls in type(error).__mro__ if cls in self.answers)
        response = JsonResponse(self.envelope(error, code), status=status)
        if isinstance(error, WrongMethod):
            response["Allow"] = ", ".join(error.details["allowed"])
        if isinstance(error, Unauthenticated):
            response["WWW-Authenticate"] = ", ".join(credential.challenge for credential in self.credentials)
        return response


def fit(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Tell the length of a body that is known, and leave the body itself out of an answer to HEAD."""
    if not response.streaming and response.content:
        response.headers.setdefault("Content-Length", str(len(response.content)))
        if request.method == "HEAD":
            response.content = b""
    return response
