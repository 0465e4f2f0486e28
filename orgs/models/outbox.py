"""What is told to the outside: events, the endpoints that want them, and each delivery.

Rows are written in the transaction that makes them true; `orgs.delivery` sends them afterwards.
"""

from django.db import models
from django.db.models import Q

from core.ids import new_id
from core.leases import Leased
from core.ownership import Owned
from orgs.models.organization import Organization


def new_endpoint_id() -> str:
    return new_id("webhook_endpoint")


def new_event_id() -> str:
    return new_id("event")


class WebhookEndpoint(Owned):
    """A URL of the customer's that wants events."""

    class State(models.TextChoices):
        ACTIVE = "active"
        DISABLED = "disabled"

    public_id = models.CharField(max_length=64, unique=True, default=new_endpoint_id, editable=False)
    org = models.ForeignKey(Organization, models.CASCADE, related_name="webhook_endpoints")
    url = models.TextField()
    encrypted_secret = models.TextField()
    encrypted_previous_secret = models.TextField(blank=True)
    """Signs beside the present secret while receivers are moved over."""
    previous_secret_expires_at = models.DateTimeField(null=True, blank=True)
    event_types = models.JSONField(default=list)
    """Types that are sent; empty means all."""
    state = models.CharField(max_length=16, choices=State, default=State.ACTIVE)
    consecutive_failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)
    """Nothing is sent before this moment: the pause after several failures, or the one that the receiver asked for."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.public_id

    def wants(self, event_type: str) -> bool:
        return not self.event_types or event_type in self.event_types


class Event(Owned):
    """Something that happened, with its payload as it was at that moment."""

    public_id = models.CharField(max_length=64, unique=True, default=new_event_id, editable=False)
    """Also the message id that receivers see, the same in every attempt."""
    org = models.ForeignKey(Organization, models.CASCADE, related_name="events")
    type = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    """Public id of what it happened to."""
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "type", "subject"], name="event_once_per_subject")]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class Delivery(Owned, Leased):
    """One event on its way to one URL, sent under a lease until it is accepted or given up."""

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        DELIVERED = "delivered"
        FAILED = "failed"

    org = models.ForeignKey(Organization, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, null=True, blank=True, related_name="deliveries")
    callback = models.JSONField(null=True, blank=True)
    """For a callback that a request asked for: `{"dialect", "url", "data"}`; that dialect renders the body."""
    host = models.CharField(max_length=255, blank=True)
    """Where it goes, so that one slow receiver can be told from the others."""
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    rung_at = models.DateTimeField(null=True, blank=True)
    """When a bell went out for it that nobody has answered yet."""
    response_status = models.PositiveIntegerField(null=True, blank=True)
    response_body = models.TextField(blank=True)
    error = models.TextField(blank=True)
    """Why the last attempt failed, in words for the customer."""
    seconds = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["org", "failures", "id"], name="delivery_waiting", condition=Q(state="pending")),
            models.Index(fields=["org", "host"], name="delivery_in_flight", condition=Q(state="sending")),
            models.Index(fields=["org", "-id"], name="delivery_by_org"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="delivery_once_per_endpoint"),
            models.UniqueConstraint(
                fields=["event"], condition=Q(endpoint__isnull=True), name="delivery_one_callback_per_event"
            ),
            models.CheckConstraint(
                condition=Q(endpoint__isnull=False) ^ Q(callback__isnull=False), name="delivery_has_one_destination"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sending"], finished_at__isnull=True)
                | Q(state__in=["delivered", "failed"], finished_at__isnull=False),
                name="delivery_finished_if_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} attempt {self.attempt}"

    @property
    def url(self) -> str:
        """Where it goes; never fit for a log. The endpoint, if any, must have been loaded."""
        return self.endpoint.url if self.endpoint else self.callback["url"]
