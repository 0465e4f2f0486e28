"""What can go wrong with an address that somebody gave, in words for the person who gave it.

The sentences stay general on purpose: none names the address that a name stands for, nor tells a closed port from a
silent one, so that nobody can explore a network by reading them.
"""

from core.errors import Conflict, Invalid, PolyscribeError, TooLarge


class OutboundError(PolyscribeError):
    """The address could not be used."""

    is_temporary = False
    """Whether the same request may go well later, so that trying again makes sense."""


class BadUrl(OutboundError, Invalid):
    """This is not an address that can be fetched. Give a complete http or https link to the file."""

    code = "bad_url"


class ForbiddenAddress(OutboundError, Invalid):
    """This address is not part of the public internet. Give one that everybody can reach."""

    code = "forbidden_address"


class Unreachable(OutboundError, Invalid):
    """The server at this address could not be reached. Check the address and try again."""

    code = "unreachable"
    is_temporary = True


class TooSlow(OutboundError, Invalid):
    """The server at this address took too long. Try again later or use a faster server."""

    code = "too_slow"
    is_temporary = True


class UnreadableAnswer(OutboundError, Invalid):
    """The answer of the server at this address could not be read. Give a link to the plain file."""

    code = "unreadable_answer"


class RefusedStatus(OutboundError, Invalid):
    """The server at this address refused the request. Check that the link works without signing in.

    Details: `status`, the HTTP status that it answered with. Temporary for 408, 425, 429 and 5xx.
    """

    code = "refused_status"

    def __init__(self, status: int) -> None:
        super().__init__(
            f"The server at this address answered with status {status}. Check that the link works without signing in.",
            status=status,
        )
        self.status = status
        self.is_temporary = status in {408, 425, 429} or status >= 500


class TooManyBytes(OutboundError, TooLarge):
    """The file at this address is larger than the limit.

    Details: `limit_bytes`.
    """

    code = "too_many_bytes"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The file at this address is larger than the limit of {limit_bytes:,} bytes. Give a smaller one.",
            limit_bytes=limit_bytes,
        )


class Stopped(OutboundError, Conflict):
    """The transfer was stopped on request."""

    code = "stopped"
