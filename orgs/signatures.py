"""Sign messages by the Standard Webhooks specification, version 1 (https://www.standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a fresh secret: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(message_id: str, body: bytes, *, at: datetime, with_secrets: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers that identify a message and, with at least one secret, prove where it comes from.

    `message_id` stays the same however often the message is sent; `at` is the moment of this attempt. The signature
    is the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`, one for each secret, separated by spaces: a receiver
    accepts the message if any of them is right, so secrets can be changed without a gap.
    """
    timestamp = str(int(at.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    signed = f"{message_id}.{timestamp}.".encode() + body
    if with_secrets:
        headers["webhook-signature"] = " ".join(_signature(secret, signed) for secret in with_secrets)
    return headers


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
