"""Turn a delivery into the bytes and headers that go over the wire."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.signing import decrypt
from orgs.models import Delivery, Event, WebhookEndpoint
from orgs.signatures import signed_headers

Renderer = Callable[[Event, Any], tuple[bytes, dict[str, str]]]
"""Takes an event and the `data` of its callback; returns body and headers in the words of one dialect."""

_renderers: dict[str, Renderer] = {}


@dataclass(frozen=True)
class Message:
    """A request body with its headers."""

    body: bytes
    headers: dict[str, str]


def register_renderer(dialect: str, renderer: Renderer) -> None:
    """Let `renderer` write the callbacks that requests in `dialect` ask for."""
    _renderers[dialect] = renderer


def render(delivery: Delivery, *, at: datetime) -> Message:
    """Return the message of `delivery` for an attempt made at `at`.

    Raises KeyError for a callback in a dialect without a renderer, and whatever that renderer raises.
    """
    if delivery.endpoint:
        return _webhook(delivery.event, delivery.endpoint, at)
    return _callback(delivery.event, delivery.callback, at)


def _webhook(event: Event, endpoint: WebhookEndpoint, at: datetime) -> Message:
    timestamp = event.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    content = {"type": event.type, "timestamp": timestamp, "data": event.payload}
    body = json.dumps(content, separators=(",", ":")).encode()
    signed = signed_headers(event.public_id, body, at=at, with_secrets=_valid_secrets(endpoint, at))
    return Message(body, {"Content-Type": "application/json"} | signed)


def _callback(event: Event, callback: dict, at: datetime) -> Message:
    body, headers = _renderers[callback["dialect"]](event, callback.get("data"))
    # A dialect may sign its callbacks; unsigned ones carry the id too, so that receivers can tell repetitions.
    return Message(body, signed_headers(event.public_id, body, at=at) | headers)


def _valid_secrets(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    encrypted = [endpoint.encrypted_secret]
    if endpoint.previous_secret_expires_at and endpoint.previous_secret_expires_at > at:
        encrypted.append(endpoint.encrypted_previous_secret)
    return [decrypt(secret) for secret in encrypted]
