"""Organizations and their members."""

from django.db import transaction

from core.errors import Conflict
from orgs import audit
from orgs.models import Membership, Organization, User
from orgs.roles import Role


class AlreadyMember(Conflict):
    """This person already belongs to the organization."""


@transaction.atomic
def create_organization(*, name: str, owner_email: str) -> Organization:
    """Make an organization owned by the person with this e-mail address, who is added if not known yet."""
    org = Organization.objects.create(name=name)
    owner = User.objects.filter(email__iexact=owner_email).first() or User.objects.create_user(owner_email)
    Membership.objects.create(org=org, user=owner, role=Role.OWNER)
    audit.record(org, action="organization.created", target=org.public_id, actor=owner.public_id)
    return org


@transaction.atomic
def add_member(org: Organization, *, user: User, role: Role, actor: str = "") -> Membership:
    """Give `user` a role in `org`.

    Raises AlreadyMember.
    """
    membership, is_new = Membership.objects.get_or_create(org=org, user=user, defaults={"role": role})
    if not is_new:
        raise AlreadyMember
    audit.record(org, action="member.added", target=user.public_id, actor=actor, details={"role": role})
    return membership


@transaction.atomic
def set_suspended(org: Organization, *, suspended: bool, actor: str = "") -> None:
    """Suspend an organization, or take it back: while suspended none of its keys work."""
    state = Organization.State.SUSPENDED if suspended else Organization.State.ACTIVE
    if Organization.objects.filter(pk=org.pk).exclude(state=state).update(state=state):
        audit.record(org, action=f"organization.{state}", target=org.public_id, actor=actor)
    org.state = state
