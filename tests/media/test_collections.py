"""Collections: a default one for everybody, and rules for deleting."""

import threading

import pytest
from django.db import transaction

from core.errors import Conflict, NotFound
from media import collections, services
from media.models import Collection, Fetch, Media
from tests.media.recordings import PATIENCE_SECONDS, add, tone, worker


def test_the_default_collection_is_made_on_first_use(acme):
    made = collections.default_collection(acme)

    assert (made.name, made.is_default, made.org) == ("Default", True, acme)


def test_there_is_one_default_collection(acme):
    assert collections.default_collection(acme) == collections.default_collection(acme)


def test_every_organization_has_its_own(acme, globex):
    assert collections.default_collection(acme) != collections.default_collection(globex)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_get_the_same(acme):
    start, found = threading.Barrier(4), []

    def ask() -> None:
        start.wait(PATIENCE_SECONDS)
        found.append(collections.default_collection(acme))

    for thread in [worker(ask) for _ in range(4)]:
        thread.join(PATIENCE_SECONDS)

    assert found == [Collection.objects.get()] * 4


def test_the_default_collection_goes_by_its_name(acme):
    assert collections.find_collection(acme, "default").is_default


def test_a_collection_is_found_by_its_id(acme):
    made = collections.create_collection(acme, name="Interviews")

    assert collections.find_collection(acme, made.public_id) == made


@pytest.mark.parametrize("public_id", ["c-0", "", "Default", "\0", "\ud800", "c-" + "0" * 5000])
def test_a_wrong_id_finds_nothing(public_id, acme):
    with pytest.raises(NotFound):
        collections.find_collection(acme, public_id)


def test_a_foreign_collection_looks_missing(acme, globex):
    theirs = collections.create_collection(globex, name="Secret")

    with pytest.raises(NotFound):
        collections.find_collection(acme, theirs.public_id)


def test_a_collection_is_made_as_described(acme):
    made = collections.create_collection(acme, name="Interviews", description="2026", is_public=True)

    made.refresh_from_db()
    assert (made.name, made.description, made.is_public, made.is_default) == ("Interviews", "2026", True, False)
    assert made.public_id.startswith("c-")


@pytest.mark.parametrize(("given", "kept"), [("a\0b", "ab"), ("ß" * 201, "ß" * 200), ("\udc00", "")])
def test_words_are_made_fit_to_be_kept(given, kept, acme):
    made = collections.create_collection(acme, name=given, description="a\0b")
    changed = collections.change_collection(collections.default_collection(acme), name=given, description="a\0b")

    made.refresh_from_db()
    changed.refresh_from_db()
    assert (made.name, made.description) == (changed.name, changed.description) == (kept, "ab")


def test_what_is_not_given_stays(acme):
    made = collections.create_collection(acme, name="Interviews", description="2026", is_public=True)

    collections.change_collection(made, name="Talks")

    made.refresh_from_db()
    assert (made.name, made.description, made.is_public) == ("Talks", "2026", True)


def test_empty_words_and_a_no_are_given(acme):
    made = collections.create_collection(acme, name="Interviews", description="2026", is_public=True)

    collections.change_collection(made, description="", is_public=False)

    made.refresh_from_db()
    assert (made.description, made.is_public) == ("", False)


def test_a_change_of_nothing_changes_nothing(acme):
    made = collections.create_collection(acme, name="Interviews")

    assert collections.change_collection(made) == made


def test_a_collection_that_is_gone_is_not_changed(acme):
    made = collections.create_collection(acme, name="Interviews")
    Collection.objects.all().delete()

    with pytest.raises(NotFound):
        collections.change_collection(made, name="Talks")


def test_an_empty_collection_is_deleted(acme):
    collections.delete_collection(collections.create_collection(acme, name="Interviews"))

    assert not Collection.objects.exists()


def test_the_default_collection_stays(acme):
    with pytest.raises(collections.DefaultCollectionStays) as refusal:
        collections.delete_collection(collections.default_collection(acme))

    assert isinstance(refusal.value, Conflict)


def test_a_collection_with_media_stays(acme, disk):
    shelf = collections.create_collection(acme, name="Interviews")
    add(shelf)

    with pytest.raises(collections.CollectionNotEmpty) as refusal:
        collections.delete_collection(shelf)

    assert isinstance(refusal.value, Conflict)
    assert Collection.objects.get() == shelf


def test_a_collection_is_deleted_once(acme):
    made = collections.create_collection(acme, name="Interviews")
    collections.delete_collection(made)

    with pytest.raises(NotFound):
        collections.delete_collection(made)


def test_fetches_for_a_collection_go_with_it(acme):
    shelf = collections.create_collection(acme, name="Interviews")
    Fetch.objects.create(org=acme, collection=shelf, url="http://127.0.0.1/")

    collections.delete_collection(shelf)

    assert not Fetch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_collection_waits_for_media_that_arrive_at_this_moment(acme, disk):
    shelf = collections.create_collection(acme, name="Interviews")
    arrived, go_on, refused = threading.Event(), threading.Event(), []

    def wait(media: Media) -> None:
        arrived.set()
        go_on.wait(PATIENCE_SECONDS)

    def delete() -> None:
        with pytest.raises(collections.CollectionNotEmpty) as refusal, transaction.atomic():
            collections.delete_collection(shelf)
        refused.append(refusal.value)

    adding = worker(services.add_file, shelf, file=tone(), label=services.Label(), also=wait)
    arrived.wait(PATIENCE_SECONDS)
    deleting = worker(delete)
    deleting.join(0.3)
    waited = deleting.is_alive()
    go_on.set()
    adding.join(PATIENCE_SECONDS)
    deleting.join(PATIENCE_SECONDS)

    assert waited
    assert len(refused) == 1
    assert Media.objects.get().collection == shelf


@pytest.mark.django_db(transaction=True)
def test_media_for_a_collection_that_goes_at_this_moment_are_refused(acme, disk):
    shelf = collections.create_collection(acme, name="Interviews")
    deleted, go_on, refused = threading.Event(), threading.Event(), []

    def delete() -> None:
        with transaction.atomic():
            collections.delete_collection(Collection.objects.get(pk=shelf.pk))
            deleted.set()
            go_on.wait(PATIENCE_SECONDS)

    def add_late() -> None:
        with pytest.raises(NotFound) as refusal:
            add(shelf)
        refused.append(refusal.value)

    deleting = worker(delete)
    deleted.wait(PATIENCE_SECONDS)
    adding = worker(add_late)
    adding.join(0.5)
    waited = adding.is_alive()
    go_on.set()
    deleting.join(PATIENCE_SECONDS)
    adding.join(PATIENCE_SECONDS)

    assert waited
    assert len(refused) == 1
    assert not Media.objects.exists()
