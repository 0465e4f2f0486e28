"""The tables of organizations, of who acts for them, and of what is told to the outside."""

from orgs.models.audit import AuditEvent
from orgs.models.keys import ApiKey
from orgs.models.organization import Membership, Organization, User
from orgs.models.outbox import Delivery, Event, WebhookEndpoint

__all__ = ["ApiKey", "AuditEvent", "Delivery", "Event", "Membership", "Organization", "User", "WebhookEndpoint"]
