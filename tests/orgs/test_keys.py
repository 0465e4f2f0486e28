import re
from datetime import timedelta

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.signing import keyed_hash
from orgs.errors import ExpiredKey, OrganizationSuspended, RevokedKey, UnknownKey, UnknownScope
from orgs.keys import authenticate, issue_key, revoke_key
from orgs.models import ApiKey, AuditEvent
from orgs.roles import Scope
from orgs.services import set_suspended
from tests import factories

pytestmark = pytest.mark.django_db

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def issued(acme):
    return factories.key(acme)


def changed(key: ApiKey, **changes) -> None:
    ApiKey.objects.filter(pk=key.pk).update(**changes)


# --- Issuing ----------------------------------------------------------------------------------------------------------


def test_a_secret_is_sk_and_49_base62_digits(issued):
    assert re.fullmatch(r"sk-[0-9A-Za-z]{49}", issued.secret)


def test_no_two_secrets_are_alike(acme):
    assert len({factories.key(acme).secret for _ in range(20)}) == 20


def test_the_secret_is_not_in_the_database(issued):
    stored = serializers.serialize("json", [*ApiKey.objects.all(), *AuditEvent.objects.all()])

    assert issued.secret not in stored
    assert issued.secret[8:] not in stored
    assert keyed_hash(issued.secret) in stored


def test_people_recognise_a_key_by_its_first_five_digits(issued):
    assert issued.key.shown_prefix == issued.secret[: len("sk-12345")]
    assert issued.secret not in str(issued.key)


def test_a_key_may_read_and_transcribe_unless_told_otherwise(issued):
    assert [scope for scope in Scope if issued.key.may(scope)] == [Scope.READ, Scope.TRANSCRIBE]


@pytest.mark.parametrize("scope", Scope)
def test_a_key_has_the_scopes_it_was_given(acme, scope):
    key = factories.key(acme, scopes=[scope]).key

    key.refresh_from_db()
    assert [known for known in Scope if key.may(known)] == [scope]


def test_a_key_may_have_no_scope_at_all(acme):
    assert not any(factories.key(acme, scopes=[]).key.may(scope) for scope in Scope)


def test_scopes_are_kept_once_and_in_order(acme):
    assert factories.key(acme, scopes=["transcribe", "read", "transcribe"]).key.scopes == ["read", "transcribe"]


@pytest.mark.parametrize("scopes", [["write"], ["read", "write"], ["READ"], [""], ["read "]])
def test_a_scope_that_does_not_exist_is_refused(acme, scopes):
    with pytest.raises(UnknownScope, match="Scopes are read, transcribe, billing, admin"):
        factories.key(acme, scopes=scopes)

    assert not ApiKey.of(acme).exists()


def test_a_cap_is_kept(acme):
    assert factories.key(acme, monthly_cap_synapses=500).key.monthly_cap_synapses == 500


def test_a_negative_cap_is_refused(acme):
    with pytest.raises(IntegrityError):
        factories.key(acme, monthly_cap_synapses=-1)


def test_issuing_is_written_down(acme):
    owner = acme.memberships.get().user

    key = issue_key(acme, name="CI", created_by=owner).key

    event = AuditEvent.of(acme).get(action="api_key.created")
    assert (event.target, event.actor) == (key.public_id, owner.public_id)


def test_issuing_without_a_person_is_the_systems_doing(issued, acme):
    assert AuditEvent.of(acme).get(action="api_key.created").actor == "system"


def test_a_key_goes_away_with_the_transaction_around_it(acme):
    with transaction.atomic():
        issued = factories.key(acme)
        transaction.set_rollback(True)

    with pytest.raises(UnknownKey):
        authenticate(issued.secret)


# --- Authenticating ---------------------------------------------------------------------------------------------------


def test_a_secret_opens_its_key(issued):
    assert authenticate(issued.secret) == issued.key


def test_a_secret_leads_to_its_own_organization(issued, globex):
    theirs = factories.key(globex)

    assert authenticate(theirs.secret).org == globex


def test_the_organization_comes_with_the_key(issued, acme, django_assert_num_queries):
    key = authenticate(issued.secret)

    with django_assert_num_queries(0):
        assert key.org.name == "Acme"


def test_a_well_formed_secret_that_was_never_issued_is_unknown(acme):
    issued = factories.key(acme)
    issued.key.delete()

    with pytest.raises(UnknownKey):
        authenticate(issued.secret)


@pytest.mark.parametrize("position", range(len("sk-"), len("sk-") + 49))
def test_a_typing_error_is_told_without_asking_the_database(issued, django_assert_num_queries, position):
    digit = DIGITS[(DIGITS.index(issued.secret[position]) + 1) % 62]
    mistyped = issued.secret[:position] + digit + issued.secret[position + 1 :]

    with django_assert_num_queries(0), pytest.raises(UnknownKey):
        authenticate(mistyped)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda secret: "",
        lambda secret: "sk-",
        lambda secret: secret[3:],
        lambda secret: secret[:-1],
        lambda secret: secret[1:],
        lambda secret: secret + "0",
        lambda secret: secret + "\n",
        lambda secret: " " + secret,
        lambda secret: "sk_" + secret[3:],
        lambda secret: "SK-" + secret[3:],
        lambda secret: secret.swapcase(),
        lambda secret: secret[:3] + secret[3:][::-1],
        lambda secret: secret[:-1] + "\x00",
        lambda secret: secret[:-1] + "é",
        lambda secret: secret[:9] + "é" + secret[10:],
        lambda secret: secret[:9] + "\ud800" + secret[10:],
        lambda secret: secret[:9] + "\u0661" + secret[10:],
        lambda secret: secret * 1000,
    ],
)
def test_what_cannot_be_a_key_is_unknown_without_asking_the_database(issued, django_assert_num_queries, spoil):
    with django_assert_num_queries(0), pytest.raises(UnknownKey):
        authenticate(spoil(issued.secret))


def test_an_expired_key_says_so(issued):
    changed(issued.key, expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(ExpiredKey):
        authenticate(issued.secret)


def test_a_key_works_until_it_expires(acme):
    issued = factories.key(acme, expires_at=timezone.now() + timedelta(seconds=60))

    assert authenticate(issued.secret) == issued.key


def test_a_key_expires_at_the_very_moment(acme):
    moment = timezone.now()

    assert factories.key(acme, expires_at=moment).key.has_expired(moment)


def test_a_revoked_key_says_so(issued):
    revoke_key(issued.key)

    with pytest.raises(RevokedKey):
        authenticate(issued.secret)


def test_a_key_of_a_suspended_organization_says_so(issued, acme):
    set_suspended(acme, suspended=True)

    with pytest.raises(OrganizationSuspended):
        authenticate(issued.secret)


def test_a_suspended_organization_does_not_stop_the_other(issued, acme, globex):
    theirs = factories.key(globex)

    set_suspended(acme, suspended=True)

    assert authenticate(theirs.secret) == theirs.key


def test_of_several_reasons_the_final_one_is_told(issued, acme):
    changed(issued.key, expires_at=timezone.now() - timedelta(days=1))
    revoke_key(issued.key)
    set_suspended(acme, suspended=True)

    with pytest.raises(RevokedKey):
        authenticate(issued.secret)


def test_another_pepper_makes_every_key_unknown(issued, settings):
    settings.KEY_PEPPER = "another"

    with pytest.raises(UnknownKey):
        authenticate(issued.secret)


# --- Last use ---------------------------------------------------------------------------------------------------------


def test_the_first_use_is_noted(issued):
    authenticate(issued.secret, address="192.0.2.1")

    issued.key.refresh_from_db()
    assert issued.key.last_used_at is not None
    assert issued.key.last_used_address == "192.0.2.1"


def test_a_use_within_the_minute_is_not_noted(issued, django_assert_num_queries):
    authenticate(issued.secret, address="192.0.2.1")

    with django_assert_num_queries(1):
        authenticate(issued.secret, address="192.0.2.2")

    issued.key.refresh_from_db()
    assert issued.key.last_used_address == "192.0.2.1"


def test_a_use_after_a_minute_is_noted(issued):
    before = timezone.now() - timedelta(seconds=61)
    changed(issued.key, last_used_at=before, last_used_address="192.0.2.1")

    authenticate(issued.secret, address="2001:db8::2")

    issued.key.refresh_from_db()
    assert issued.key.last_used_at > before
    assert issued.key.last_used_address == "2001:db8::2"


def test_a_refused_use_is_not_noted(issued):
    revoke_key(issued.key)

    with pytest.raises(RevokedKey):
        authenticate(issued.secret, address="192.0.2.1")

    issued.key.refresh_from_db()
    assert issued.key.last_used_at is None


# --- Revoking ---------------------------------------------------------------------------------------------------------


def test_revoking_twice_is_written_down_once(issued, acme):
    revoke_key(issued.key, actor="u-1")
    issued.key.refresh_from_db()
    first = issued.key.revoked_at

    revoke_key(issued.key, actor="u-2")

    issued.key.refresh_from_db()
    assert issued.key.revoked_at == first
    assert [event.actor for event in AuditEvent.of(acme).filter(action="api_key.revoked")] == ["u-1"]


def test_revoking_one_key_leaves_the_others(issued, acme):
    other = factories.key(acme)

    revoke_key(issued.key)

    assert authenticate(other.secret) == other.key
