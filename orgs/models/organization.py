"""Who a tenant is and who belongs to it."""

from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from core.ids import new_id
from core.ownership import Owned
from orgs.roles import Role


def new_organization_id() -> str:
    return new_id("organization")


def new_user_id() -> str:
    return new_id("user")


class Organization(models.Model):
    """A tenant: everything else belongs to one."""

    class State(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"

    public_id = models.CharField(max_length=64, unique=True, default=new_organization_id, editable=False)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=State, default=State.ACTIVE)
    disabled_features = models.JSONField(default=list, blank=True)
    """Names of features that this organization may not use; what a vendor calls "feature disabled"."""
    price_multiplier = models.DecimalField(max_digits=8, decimal_places=4, default=Decimal(1))
    media_retention_days = models.PositiveIntegerField(null=True, blank=True)
    text_retention_days = models.PositiveIntegerField(null=True, blank=True)
    fetched_media_retention_days = models.PositiveIntegerField(default=30)
    """Days that media fetched by URL for one job is kept after it."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price_multiplier__gte=0), name="organization_multiplier_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"

    def has_feature(self, name: str) -> bool:
        return name not in self.disabled_features


class UserManager(BaseUserManager):
    """Makes users; Django's own commands call these names."""

    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address."""

    public_id = models.CharField(max_length=64, unique=True, default=new_user_id, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.email


class Membership(Owned):
    """A person's role in an organization."""

    org = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "user"], name="membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.org}"
