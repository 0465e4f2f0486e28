"""API keys: issued once, recognised by a keyed hash, revoked at once.

A key is `sk-`, 43 base62 digits (256 random bits) and 6 base62 digits of a CRC-32 over them, so that a typing
error or a cut-off copy is told apart without asking the database, and leaked keys can be found by their shape.
"""

import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.signing import keyed_hash
from orgs import audit
from orgs.errors import ExpiredKey, OrganizationSuspended, RevokedKey, UnknownKey, UnknownScope
from orgs.models import ApiKey, Organization, User
from orgs.roles import Scope

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY, _CHECK = 43, 6
_SHOWN = len("sk-") + 5
_LAST_USE_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True)
class IssuedKey:
    """A new key together with its secret, which is never to be had again."""

    key: ApiKey
    secret: str


@transaction.atomic
def issue_key(
    org: Organization,
    *,
    name: str,
    scopes: list[str] | None = None,
    expires_at: datetime | None = None,
    monthly_cap_synapses: int | None = None,
    created_by: User | None = None,
) -> IssuedKey:
    """Make a key for `org`; without `scopes` it may read and transcribe.

    Raises UnknownScope.
    """
    chosen = scopes if scopes is not None else [Scope.READ, Scope.TRANSCRIBE]
    unknown = sorted(set(chosen) - set(Scope))
    if unknown:
        raise UnknownScope(f"There is no scope named {', '.join(unknown)}. Scopes are {', '.join(Scope)}.")
    secret = _new_secret()
    key = ApiKey.objects.create(
        org=org,
        name=name,
        digest=keyed_hash(secret),
        shown_prefix=secret[:_SHOWN],
        scopes=sorted(set(chosen)),
        expires_at=expires_at,
        monthly_cap_synapses=monthly_cap_synapses,
        created_by=created_by,
    )
    audit.record(org, action="api_key.created", target=key.public_id, actor=created_by.public_id if created_by else "")
    return IssuedKey(key, secret)


@transaction.atomic
def revoke_key(key: ApiKey, *, actor: str = "") -> None:
    """Make `key` useless from now on. A second call changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(key.org, action="api_key.revoked", target=key.public_id, actor=actor)


def authenticate(secret: str, *, address: str | None = None) -> ApiKey:
    """Return the key that `secret` belongs to, with its organization loaded.

    Raises UnknownKey, ExpiredKey, RevokedKey or OrganizationSuspended.
    """
    if not _is_well_formed(secret):
        raise UnknownKey
    key = ApiKey.objects.select_related("org").filter(digest=keyed_hash(secret)).first()
    now = timezone.now()
    if key is None:
        raise UnknownKey
    if key.revoked_at is not None:
        raise RevokedKey
    if key.has_expired(now):
        raise ExpiredKey
    if key.org.state == Organization.State.SUSPENDED:
        raise OrganizationSuspended
    _note_use(key, now, address)
    return key


def _note_use(key: ApiKey, now: datetime, address: str | None) -> None:
    # Once a minute is exact enough for people and spares a write per request.
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USE_RESOLUTION)
    if key.last_used_at is None or key.last_used_at < now - _LAST_USE_RESOLUTION:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now, last_used_address=address)


def _new_secret() -> str:
    body = _base62(secrets.randbits(256), _BODY)
    return f"sk-{body}{_checksum(body)}"


def _is_well_formed(secret: str) -> bool:
    body, check = secret[3:-_CHECK], secret[-_CHECK:]
    return (
        secret.startswith("sk-")
        and len(body) == _BODY
        and secret.isascii()
        and secrets.compare_digest(check, _checksum(body))
    )


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return digits
