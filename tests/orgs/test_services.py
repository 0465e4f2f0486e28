import pytest
from django.db import IntegrityError

from orgs import services
from orgs.keys import authenticate
from orgs.models import AuditEvent, Membership, Organization, User
from orgs.roles import SCOPES_OF_ROLE, Role, Scope
from orgs.services import AlreadyMember
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(db):
    return User.objects.create_user("ann@example.com")


# --- Making organizations ---------------------------------------------------------------------------------------------


def test_a_new_organization_has_its_owner():
    org = services.create_organization(name="Initech", owner_email="bill@initech.example")

    membership = Membership.of(org).get()
    assert (membership.user.email, membership.role) == ("bill@initech.example", Role.OWNER)


def test_a_new_owner_cannot_sign_in_before_choosing_a_password():
    org = services.create_organization(name="Initech", owner_email="bill@initech.example")

    assert not Membership.of(org).get().user.has_usable_password()


@pytest.mark.parametrize("spelling", ["ann@example.com", "Ann@Example.COM", "ANN@example.com"])
def test_somebody_who_is_known_becomes_the_owner(ann, spelling):
    org = services.create_organization(name="Initech", owner_email=spelling)

    assert Membership.of(org).get().user == ann
    assert User.objects.count() == 1


def test_one_person_may_own_several_organizations():
    first = services.create_organization(name="Initech", owner_email="bill@initech.example")
    second = services.create_organization(name="Initrode", owner_email="bill@initech.example")

    assert first.memberships.get().user == second.memberships.get().user


def test_making_an_organization_is_written_down():
    org = services.create_organization(name="Initech", owner_email="bill@initech.example")

    event = AuditEvent.of(org).get()
    assert (event.action, event.target) == ("organization.created", org.public_id)
    assert event.actor == org.memberships.get().user.public_id


def test_a_new_organization_works_at_the_list_price():
    org = services.create_organization(name="Initech", owner_email="bill@initech.example")

    org.refresh_from_db()
    assert (org.state, org.price_multiplier) == (Organization.State.ACTIVE, 1)


def test_a_negative_price_is_refused(acme):
    with pytest.raises(IntegrityError):
        Organization.objects.filter(pk=acme.pk).update(price_multiplier="-0.5")


def test_a_feature_can_be_switched_off(acme, globex):
    acme.disabled_features = ["search"]

    assert (acme.has_feature("search"), acme.has_feature("export"), globex.has_feature("search")) == (False, True, True)


# --- People -----------------------------------------------------------------------------------------------------------


def test_no_two_people_have_one_address(ann):
    with pytest.raises(IntegrityError):
        User.objects.create_user("ANN@example.com")


def test_people_sign_in_whatever_the_case_of_their_address(ann):
    assert User.objects.get_by_natural_key("Ann@EXAMPLE.com") == ann


def test_a_member_is_added(acme, ann):
    membership = services.add_member(acme, user=ann, role=Role.MEMBER)

    assert (membership.org, membership.user, membership.role) == (acme, ann, Role.MEMBER)


def test_a_member_of_one_tenant_is_none_of_the_other(acme, globex, ann):
    services.add_member(acme, user=ann, role=Role.MEMBER)

    assert not Membership.of(globex).filter(user=ann).exists()


def test_nobody_is_a_member_twice(acme, ann):
    services.add_member(acme, user=ann, role=Role.VIEWER)

    with pytest.raises(AlreadyMember):
        services.add_member(acme, user=ann, role=Role.OWNER)

    assert Membership.of(acme).get(user=ann).role == Role.VIEWER


def test_adding_a_member_is_written_down_once(acme, ann):
    services.add_member(acme, user=ann, role=Role.VIEWER, actor="u-1")
    with pytest.raises(AlreadyMember):
        services.add_member(acme, user=ann, role=Role.VIEWER, actor="u-2")

    event = AuditEvent.of(acme).get(action="member.added")
    assert (event.target, event.actor, event.details) == (ann.public_id, "u-1", {"role": "viewer"})


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.OWNER, {Scope.READ, Scope.TRANSCRIBE, Scope.BILLING, Scope.ADMIN}),
        (Role.ADMIN, {Scope.READ, Scope.TRANSCRIBE, Scope.BILLING, Scope.ADMIN}),
        (Role.BILLING, {Scope.READ, Scope.BILLING}),
        (Role.MEMBER, {Scope.READ, Scope.TRANSCRIBE}),
        (Role.VIEWER, {Scope.READ}),
    ],
)
def test_a_role_may_do_what_its_name_says(role, scopes):
    assert SCOPES_OF_ROLE[role] == scopes


def test_every_role_says_what_it_may_do():
    assert set(SCOPES_OF_ROLE) == set(Role)


# --- Suspension -------------------------------------------------------------------------------------------------------


def test_an_organization_can_be_suspended_and_taken_back(acme):
    issued = factories.key(acme)

    services.set_suspended(acme, suspended=True)
    services.set_suspended(acme, suspended=False)

    acme.refresh_from_db()
    assert acme.state == Organization.State.ACTIVE
    assert authenticate(issued.secret) == issued.key


def test_suspending_tells_the_object_at_hand_too(acme):
    services.set_suspended(acme, suspended=True)

    assert acme.state == Organization.State.SUSPENDED


def test_suspending_twice_is_written_down_once(acme):
    services.set_suspended(acme, suspended=True, actor="u-1")
    services.set_suspended(acme, suspended=True, actor="u-2")

    assert [event.actor for event in AuditEvent.of(acme).filter(action="organization.suspended")] == ["u-1"]


def test_suspending_one_tenant_leaves_the_other(acme, globex):
    services.set_suspended(acme, suspended=True)

    globex.refresh_from_db()
    assert globex.state == Organization.State.ACTIVE
