"""Keys that let a program act for an organization."""

from datetime import datetime

from django.db import models

from core.ids import new_id
from core.ownership import Owned
from orgs.models.organization import Organization, User
from orgs.roles import Scope


def new_key_id() -> str:
    return new_id("api_key")


class ApiKey(Owned):
    """An API key; the secret itself is not kept, only its keyed hash."""

    public_id = models.CharField(max_length=64, unique=True, default=new_key_id, editable=False)
    org = models.ForeignKey(Organization, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, unique=True)
    shown_prefix = models.CharField(max_length=16)
    scopes = models.JSONField(default=list)
    monthly_cap_synapses = models.BigIntegerField(null=True, blank=True)
    """Most synapses that jobs of this key may hold and spend in a calendar month (UTC)."""
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(monthly_cap_synapses__isnull=True) | models.Q(monthly_cap_synapses__gte=0),
                name="api_key_cap_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shown_prefix}… ({self.name})"

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now
