"""Webhook endpoints: where an organization wants its events sent, and the secret that signs them."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import outbound
from core.errors import Conflict, Invalid
from core.signing import encrypt
from orgs import audit
from orgs.models import Organization, WebhookEndpoint
from orgs.signatures import new_secret

MAX_ENDPOINTS = 20
"""Each one multiplies what an event costs to send."""

ROTATION_OVERLAP = timedelta(hours=24)
SCHEMES = ("https",)

_EVENT_TYPE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_MAX_EVENT_TYPES, _MAX_EVENT_TYPE_CHARS = 50, 64


class InvalidEventTypes(Invalid):
    """Event types are a list of names such as transcription.completed. Leave it empty to receive all."""


class TooManyEndpoints(Conflict):
    """There are as many endpoints as an organization may have. Delete one first."""


class IssuedEndpoint(NamedTuple):
    """A new endpoint together with its secret, which is never shown again."""

    endpoint: WebhookEndpoint
    secret: str


def create_endpoint(org: Organization, *, url: str, event_types: Sequence[str] = (), actor: str = "") -> IssuedEndpoint:
    """Send the events of `org` to `url` from now on: those of `event_types`, or all if that is empty.

    Raises what `core.outbound.check_url` raises for an address that must not or cannot be reached,
    InvalidEventTypes, TooManyEndpoints.
    """
    chosen = _checked(event_types)
    outbound.check_url(url, schemes=SCHEMES)
    secret = new_secret()
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.create(
            org=org, url=url, event_types=chosen, encrypted_secret=encrypt(secret)
        )
        if WebhookEndpoint.of(org).count() > MAX_ENDPOINTS:
            raise TooManyEndpoints
        _note("created", endpoint, actor)
    return IssuedEndpoint(endpoint, secret)


@transaction.atomic
def rotate_secret(endpoint: WebhookEndpoint, *, actor: str = "", overlap: timedelta = ROTATION_OVERLAP) -> str:
    """Give `endpoint` a new secret and return it. The present one signs too until `overlap` is over."""
    secret = new_secret()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        encrypted_previous_secret=F("encrypted_secret"),
        encrypted_secret=encrypt(secret),
        previous_secret_expires_at=timezone.now() + overlap,
    )
    endpoint.refresh_from_db()
    _note("secret_rotated", endpoint, actor)
    return secret


@transaction.atomic
def disable_endpoint(endpoint: WebhookEndpoint, *, actor: str = "", reason: str = "") -> None:
    """Send nothing more to `endpoint`; what still waits for it is given up soon. A second call changes nothing."""
    active = WebhookEndpoint.objects.filter(pk=endpoint.pk, state=WebhookEndpoint.State.ACTIVE)
    if active.update(state=WebhookEndpoint.State.DISABLED):
        _note("disabled", endpoint, actor, reason=reason)
    endpoint.state = WebhookEndpoint.State.DISABLED


@transaction.atomic
def enable_endpoint(endpoint: WebhookEndpoint, *, actor: str = "") -> None:
    """Send events to `endpoint` again, with a clean record: also the way to end a pause at once."""
    disabled = WebhookEndpoint.objects.filter(pk=endpoint.pk, state=WebhookEndpoint.State.DISABLED)
    if disabled.update(state=WebhookEndpoint.State.ACTIVE):
        _note("enabled", endpoint, actor)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(consecutive_failures=0, paused_until=None)
    endpoint.refresh_from_db(fields=["state", "consecutive_failures", "paused_until"])


@transaction.atomic
def delete_endpoint(endpoint: WebhookEndpoint, *, actor: str = "") -> None:
    """Remove `endpoint` and the record of its deliveries."""
    _note("deleted", endpoint, actor)
    endpoint.delete()


def _checked(event_types: Sequence[str]) -> list[str]:
    if isinstance(event_types, str) or len(event_types) > _MAX_EVENT_TYPES:
        raise InvalidEventTypes
    for name in event_types:
        if not isinstance(name, str) or len(name) > _MAX_EVENT_TYPE_CHARS or not _EVENT_TYPE.fullmatch(name):
            raise InvalidEventTypes
    return sorted(set(event_types))


def _note(deed: str, endpoint: WebhookEndpoint, actor: str, reason: str = "") -> None:
    details = {"reason": reason} if reason else {}
    audit.record(
        endpoint.org, action=f"webhook_endpoint.{deed}", target=endpoint.public_id, actor=actor, details=details
    )
