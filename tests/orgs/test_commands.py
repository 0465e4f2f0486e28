"""What an administrator does with keys and synapses."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.queries import balance
from orgs import keys
from orgs.errors import RevokedKey
from orgs.models import AuditEvent
from tests import factories
from transcription.audit import audit


def said(*command: str) -> str:
    answer = StringIO()
    call_command(*command, stdout=answer)
    return answer.getvalue()


def test_a_key_is_made_that_works(acme):
    _, secret = said(
        "create_key", acme.public_id, "for the radio", "--scopes", "read", "--days", "7", "--cap", "50"
    ).split()

    key = keys.authenticate(secret)
    assert (key.org, key.name, key.scopes, key.monthly_cap_synapses) == (acme, "for the radio", ["read"], 50)
    assert key.expires_at is not None


@pytest.mark.parametrize("named_by", ["public_id", "secret", "shown_prefix"])
def test_a_key_is_revoked_at_once(acme, named_by):
    issued = factories.key(acme)
    name = issued.secret if named_by == "secret" else getattr(issued.key, named_by)

    said("revoke_key", acme.public_id, name)

    with pytest.raises(RevokedKey):
        keys.authenticate(issued.secret)


def test_anothers_key_looks_missing(acme, globex):
    issued = factories.key(globex)

    with pytest.raises(CommandError, match="No keys"):
        said("revoke_key", acme.public_id, issued.key.public_id)

    assert keys.authenticate(issued.secret) == issued.key


def test_synapses_are_granted_with_a_reason(acme):
    said("grant_synapses", acme.public_id, "500", "--reason", "a broken week")

    assert balance(acme).available == 10_500
    assert AuditEvent.of(acme).filter(action="synapses.granted").get().details == {"amount": 500}
    assert audit() == []


@pytest.mark.parametrize(
    "command",
    [
        ("create_key", "org_none", "name"),
        ("revoke_key", "org_none", "key_none"),
        ("grant_synapses", "org_none", "5", "--reason", "none"),
    ],
    ids=lambda command: command[0],
)
def test_an_unknown_organization_is_named(db, command):
    with pytest.raises(CommandError, match="org_none"):
        said(*command)


def test_an_unknown_scope_is_named(acme):
    with pytest.raises(CommandError, match="everything"):
        said("create_key", acme.public_id, "name", "--scopes", "everything")


@pytest.mark.parametrize("amount", ["-5", "99999999999999999999"])
def test_an_amount_that_is_none_moves_nothing(acme, amount):
    with pytest.raises(CommandError):
        said("grant_synapses", "--reason=none", "--", acme.public_id, amount)

    assert balance(acme).available == 10_000
