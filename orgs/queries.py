"""Ask about organizations and keys, for people who administrate the installation."""

from core.errors import NotFound
from orgs.models import ApiKey, Organization


def find_organization(public_id: str) -> Organization:
    """Return the organization with this public id. Raises NotFound."""
    org = Organization.objects.filter(public_id=public_id).first()
    if org is None:
        raise NotFound(f"There is no organization {public_id}.")
    return org


def find_key(org: Organization, name: str) -> ApiKey:
    """Return the key of `org` with this public id, or whose shown prefix `name` begins with. Raises NotFound."""
    keys = ApiKey.of(org)
    found = [key for key in keys.order_by("pk") if key.public_id == name or name.startswith(key.shown_prefix)]
    if len(found) != 1:
        raise NotFound(f"{len(found) or 'No'} keys of this organization are meant by {name[:12]}.")
    return found[0]
