"""Leave an endpoint alone that keeps failing: pause it for longer and longer, and switch it off in the end."""

from django.db.models import F, Q

from core.leases import in_seconds
from orgs.endpoints import disable_endpoint
from orgs.models import WebhookEndpoint
from orgs.schedule import FAILURES_BEFORE_DISABLING, pause_seconds


def note_success(endpoint: WebhookEndpoint) -> None:
    """Forget the failures of `endpoint`."""
    failing = WebhookEndpoint.objects.filter(pk=endpoint.pk, consecutive_failures__gt=0)
    failing.update(consecutive_failures=0, paused_until=None)


def note_failure(endpoint: WebhookEndpoint, *, is_gone: bool, asked_seconds: float) -> None:
    """Count a failure of `endpoint`, in the caller's transaction, and draw the consequence.

    `is_gone`: the receiver says that it is no more. `asked_seconds`: the pause that it asks for.
    """
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    row.update(consecutive_failures=F("consecutive_failures") + 1)
    failures = row.values_list("consecutive_failures", flat=True).get()
    if is_gone:
        disable_endpoint(endpoint, reason="The receiver answered that it is gone.")
    elif failures >= FAILURES_BEFORE_DISABLING:
        disable_endpoint(endpoint, reason=f"{failures} deliveries in a row failed.")
    elif pause := max(pause_seconds(failures), asked_seconds):
        # Several attempts may end at once: the longest pause counts.
        row.filter(Q(paused_until=None) | Q(paused_until__lt=in_seconds(pause))).update(paused_until=in_seconds(pause))


def lift_pause(endpoint: WebhookEndpoint) -> None:
    """Let a person's trial through; the next failure pauses the endpoint again, and for longer."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).exclude(paused_until=None).update(paused_until=None)
