"""Put what happened into the outbox, in the transaction that makes it true."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from core.errors import Conflict
from orgs import turns
from orgs.breaker import lift_pause
from orgs.models import Delivery, Event, Organization, WebhookEndpoint
from orgs.models.outbox import new_event_id

PING = "ping"


class EndpointDisabled(Conflict):
    """This endpoint is switched off. Switch it on first."""


@transaction.atomic
def publish(
    org: Organization, *, type: str, subject: str, payload: dict[str, Any], callback: dict[str, Any] | None = None
) -> Event:
    """Tell the outside, as part of the caller's transaction, that something happened.

    It goes to every active endpoint of `org` that wants this `type`, and to `callback` if given: `{"dialect", "url",
    "data"}`, with a `url` that `core.outbound.check_url` accepted. `subject` is the public id of what it happened to:
    an event is told once for each type and subject, and a repetition returns the present one and adds nothing.
    """
    event, is_new = Event.objects.get_or_create(org=org, type=type, subject=subject, defaults={"payload": payload})
    if is_new:
        active = WebhookEndpoint.of(org).filter(state=WebhookEndpoint.State.ACTIVE).order_by("pk")
        for endpoint in active:
            if endpoint.wants(type):
                _address(event, endpoint.url, endpoint=endpoint)
        if callback:
            _address(event, callback["url"], callback=callback)
        turns.ring_for_event(event)
    return event


@transaction.atomic
def send_test(endpoint: WebhookEndpoint) -> Delivery:
    """Send a `ping` to `endpoint`, whatever types it wants, and even during a pause.

    Raises EndpointDisabled.
    """
    _require_active(endpoint)
    event_id = new_event_id()
    event = Event.objects.create(
        org=endpoint.org, public_id=event_id, type=PING, subject=event_id, payload={"endpoint": endpoint.public_id}
    )
    delivery = _address(event, endpoint.url, endpoint=endpoint)
    lift_pause(endpoint)
    turns.ring_for_event(event)
    return delivery


@transaction.atomic
def replay(delivery: Delivery) -> None:
    """Send `delivery` again from the start of the schedule, under the same message id, even during a pause.

    One that is being sent at this moment is left alone. Raises EndpointDisabled.
    """
    if delivery.endpoint:
        _require_active(delivery.endpoint)
        lift_pause(delivery.endpoint)
    _start_over(Delivery.objects.filter(pk=delivery.pk).exclude(state=Delivery.State.SENDING))
    turns.ring_for_next(delivery.org_id)


@transaction.atomic
def replay_failed(endpoint: WebhookEndpoint, *, since: datetime) -> int:
    """Send everything again that failed and was published at or after `since`. Return how many.

    Raises EndpointDisabled.
    """
    _require_active(endpoint)
    lift_pause(endpoint)
    failed = endpoint.deliveries.filter(state=Delivery.State.FAILED, created_at__gte=since)
    count = _start_over(failed)
    turns.ring_for_next(endpoint.org_id)
    return count


def _address(event: Event, url: str, **destination: Any) -> Delivery:
    return Delivery.objects.create(org_id=event.org_id, event=event, host=_host(url), **destination)


def _host(url: str) -> str:
    # The event must not be lost for a URL that nothing can be sent to: sending it will say so.
    try:
        return (urlsplit(url).hostname or "")[:255]
    except ValueError:
        return ""


def _start_over(deliveries) -> int:
    return deliveries.update(state=Delivery.State.PENDING, failures=0, not_before=None, rung_at=None, finished_at=None)


def _require_active(endpoint: WebhookEndpoint) -> None:
    state = WebhookEndpoint.objects.values_list("state", flat=True).get(pk=endpoint.pk)
    if state != WebhookEndpoint.State.ACTIVE:
        raise EndpointDisabled
