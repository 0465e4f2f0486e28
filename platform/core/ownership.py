"""Tenancy: every owned row has an `org`, and is reached only through `.of(org)`."""

from typing import Self

from django.db import models

from core.errors import NotFound


class OwnedQuerySet(models.QuerySet):
    """A queryset over rows that belong to an organization."""

    def of(self, org: models.Model) -> Self:
        return self.filter(org=org)

    def named(self, public_id: str) -> models.Model:
        """Return the one row with this public id.

        Raises NotFound alike for an id that does not exist and, after `.of(org)`, for somebody else's.
        """
        # What no id is made of, a NUL or half a surrogate pair, a database would refuse to compare with.
        row = self.filter(public_id=public_id).first() if public_id.isascii() and public_id.isprintable() else None
        if row is None:
            raise NotFound
        return row


class Owned(models.Model):
    """A row that belongs to an organization. Subclasses declare `org`, so that each names its own reverse."""

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def of(cls, org: models.Model) -> OwnedQuerySet:
        """Return the rows of `org`: where every read that serves a request begins."""
        return cls._default_manager.of(org)
