"""Collections: made, renamed, emptied."""

from django.db import IntegrityError, transaction

from core.errors import Conflict, NotFound
from media.models import Collection
from media.texts import storable
from orgs.models import Organization

_NAME_CHARS = Collection._meta.get_field("name").max_length


class DefaultCollectionStays(Conflict):
    """The default collection cannot be deleted."""


class CollectionNotEmpty(Conflict):
    """This collection still holds media. Delete or move them first."""


def default_collection(org: Organization) -> Collection:
    """Return the collection that media go to when none is named, made on first use."""
    return Collection.objects.get_or_create(org=org, is_default=True, defaults={"name": "Default"})[0]


def find_collection(org: Organization, public_id: str) -> Collection:
    """Return a collection by its public id; `default` names the default one. Raises NotFound."""
    return default_collection(org) if public_id == "default" else Collection.of(org).named(public_id)


def create_collection(org: Organization, *, name: str, description: str = "", is_public: bool = False) -> Collection:
    """Make a collection."""
    return Collection.objects.create(
        org=org,
        name=storable(name, max_chars=_NAME_CHARS),
        description=storable(description),
        is_public=is_public,
    )


def change_collection(
    collection: Collection,
    *,
    name: str | None = None,
    description: str | None = None,
    is_public: bool | None = None,
) -> Collection:
    """Change what is given and leave the rest. Raises NotFound when the collection is gone."""
    given = {
        "name": None if name is None else storable(name, max_chars=_NAME_CHARS),
        "description": None if description is None else storable(description),
        "is_public": is_public,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    for field, value in changes.items():
        setattr(collection, field, value)
    if changes and not Collection.objects.filter(pk=collection.pk).update(**changes):
        raise NotFound
    return collection


def keep(collection: Collection) -> None:
    """Let nobody delete `collection` before this transaction is over. Raises NotFound when somebody already has."""
    if Collection.objects.select_for_update(no_key=True).filter(pk=collection.pk).first() is None:
        raise NotFound


def refuse_default(collection: Collection) -> None:
    """Raise DefaultCollectionStays for the default collection."""
    if collection.is_default:
        raise DefaultCollectionStays


@transaction.atomic
def delete_collection(collection: Collection) -> None:
    """Delete an empty collection; `transcription.removal` empties it first.

    Raises DefaultCollectionStays, CollectionNotEmpty, NotFound.
    """
    refuse_default(collection)
    keep(collection)  # from media that arrive at this moment
    try:
        collection.delete()
    except IntegrityError:  # ProtectedError: something still lies in it
        raise CollectionNotEmpty from None
