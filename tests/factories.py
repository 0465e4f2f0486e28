"""Test data, made through the services that make it in the product."""

from billing import services as billing
from orgs import services as orgs
from orgs.keys import IssuedKey, issue_key
from orgs.models import Organization


def organization(name: str = "Acme", *, synapses: int = 10_000) -> Organization:
    org = orgs.create_organization(name=name, owner_email=f"owner@{name.lower()}.example")
    if synapses:
        billing.grant(org, amount=synapses, key=f"start:{org.public_id}")
    return org


def key(org: Organization, **fields) -> IssuedKey:
    return issue_key(org, name="test key", **fields)
