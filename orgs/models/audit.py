"""The event stream that an organization reads to see who did what."""

from django.db import models

from core.ownership import Owned
from orgs.models.organization import Organization


class AuditEvent(Owned):
    """Something that somebody did; append-only, kept so by the database."""

    org = models.ForeignKey(Organization, models.PROTECT, related_name="audit_events")
    actor = models.CharField(max_length=200)
    """A user's or a key's public id, or `system`."""
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["org", "-created_at", "-id"], name="audit_by_org")]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"
