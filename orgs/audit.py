"""Write down who did what."""

from core.context import request_id
from orgs.models import AuditEvent, Organization


def record(
    org: Organization,
    *,
    action: str,
    target: str = "",
    actor: str = "",
    address: str | None = None,
    details: dict | None = None,
) -> AuditEvent:
    """Add an event to the organization's audit log, in the caller's transaction.

    `actor` is the public id of a user or a key; empty stands for the system itself.
    """
    return AuditEvent.objects.create(
        org=org,
        actor=actor or "system",
        action=action,
        target=target,
        address=address,
        details=details or {},
        request_id=request_id.get(),
    )
