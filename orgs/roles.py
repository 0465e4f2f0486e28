"""What a role or a key may do."""

from enum import StrEnum


class Scope(StrEnum):
    """One thing that a key or a person may do."""

    READ = "read"
    TRANSCRIBE = "transcribe"
    """Upload, change and delete media, start jobs: everything that makes or spends."""
    BILLING = "billing"
    ADMIN = "admin"


class Role(StrEnum):
    """A person's place in an organization."""

    OWNER = "owner"
    ADMIN = "admin"
    BILLING = "billing"
    MEMBER = "member"
    VIEWER = "viewer"


SCOPES_OF_ROLE: dict[Role, frozenset[Scope]] = {
    Role.OWNER: frozenset(Scope),
    Role.ADMIN: frozenset(Scope),
    Role.BILLING: frozenset({Scope.READ, Scope.BILLING}),
    Role.MEMBER: frozenset({Scope.READ, Scope.TRANSCRIBE}),
    Role.VIEWER: frozenset({Scope.READ}),
}
