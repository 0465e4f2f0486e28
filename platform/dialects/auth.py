"""Who asks: from the headers of a request to an access key, whichever vendor's way it is carried."""

from dataclasses import dataclass

from django.http import HttpRequest

from core.errors import Unauthenticated
from orgs import keys
from orgs.errors import MissingScope
from orgs.models import ApiKey
from orgs.roles import Scope


@dataclass(frozen=True)
class Credential:
    """Where a dialect carries its key: in a header, behind a word such as `Bearer` or alone."""

    header: str
    scheme: str = ""

    def __str__(self) -> str:
        return f"{self.header}: {self.scheme} KEY" if self.scheme else f"{self.header}: KEY"

    @property
    def challenge(self) -> str:
        """What a 401 says in WWW-Authenticate."""
        return self.scheme or f'ApiKey header="{self.header}"'

    def secret_in(self, request: HttpRequest) -> str:
        """Return the secret that `request` carries here, or an empty text."""
        value = request.headers.get(self.header, "").strip()
        if not self.scheme:
            return value
        scheme, _, secret = value.partition(" ")
        return secret.strip() if scheme.lower() == self.scheme.lower() else ""


def identify(request: HttpRequest, credentials: tuple[Credential, ...]) -> ApiKey:
    """Return the key that comes with `request`, with its organization loaded.

    Raises Unauthenticated or OrganizationSuspended.
    """
    for credential in credentials:
        if secret := credential.secret_in(request):
            return keys.authenticate(secret, address=request.META.get("REMOTE_ADDR") or None)
    raise Unauthenticated(f"The access key is missing. Send it as `{credentials[0]}`.")


def require(key: ApiKey, scope: Scope) -> None:
    """Raise MissingScope unless `key` may do what `scope` names."""
    if not key.may(scope):
        raise MissingScope(f"This access key does not have the scope `{scope}`, which is needed here.")
