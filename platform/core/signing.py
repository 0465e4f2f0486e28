"""Secrets at work: signed links, keyed hashes of API keys, encryption of what must be read again."""

import hashlib
import hmac
import time

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import signing

from core.errors import NotFound

BROKEN_LINK = "This link is not valid or has expired."


def seal(purpose: str, payload: dict, *, lifetime_seconds: int) -> str:
    """Return `payload` as a signed, URL-safe token that only `unseal` with the same purpose accepts."""
    return signing.dumps({**payload, "exp": int(time.time()) + lifetime_seconds}, salt=purpose)


def unseal(purpose: str, token: str) -> dict:
    """Return the payload of a token made by `seal`.

    Raises NotFound for a forged, foreign or expired token: a link that does not work tells nobody why.
    """
    try:
        payload = signing.loads(token, salt=purpose)
    except signing.BadSignature:
        raise NotFound(BROKEN_LINK) from None
    if payload.pop("exp") < time.time():
        raise NotFound(BROKEN_LINK)
    return payload


def is_sealed(purpose: str, token: str) -> bool:
    """Return whether `token` is one of ours, even if it has expired."""
    try:
        signing.loads(token, salt=purpose)
    except signing.BadSignature:
        return False
    return True


def keyed_hash(text: str) -> str:
    """Return HMAC-SHA256 of `text` under KEY_PEPPER as 64 hex digits.

    API keys carry 256 random bits, so a fast hash is enough; the pepper keeps a stolen database useless.
    """
    return hmac.new(settings.KEY_PEPPER.encode(), text.encode(), hashlib.sha256).hexdigest()


def encrypt(text: str) -> str:
    """Return `text` encrypted under ENCRYPTION_KEY (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return Fernet(settings.ENCRYPTION_KEY).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text of a token made by `encrypt`."""
    return Fernet(settings.ENCRYPTION_KEY).decrypt(token.encode()).decode()
