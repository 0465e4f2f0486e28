"""What can go wrong with organizations and keys."""

from core.errors import Forbidden, Invalid, Unauthenticated


class UnknownKey(Unauthenticated):
    """This access key is not valid. Check that it was copied whole."""


class ExpiredKey(Unauthenticated):
    """This access key has expired. Make a new one."""


class RevokedKey(Unauthenticated):
    """This access key has been revoked. Make a new one."""


class MissingScope(Forbidden):
    """This access key does not have the scope that is needed here."""

    code = "missing_scope"


class OrganizationSuspended(Forbidden):
    """This organization is suspended. Its administrators can say why."""

    code = "organization_suspended"


class UnknownScope(Invalid):
    """There is no such scope."""
