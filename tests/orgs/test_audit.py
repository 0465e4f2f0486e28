import pytest
from django.db import IntegrityError, connection, transaction

from core.context import request_id
from orgs import audit
from orgs.models import AuditEvent

pytestmark = pytest.mark.django_db

DEEDS = sorted({field.column for field in AuditEvent._meta.concrete_fields} - {"actor", "address", "details"})


@pytest.fixture
def event(acme):
    return audit.record(
        acme, action="media.deleted", target="m-1", actor="u-1", address="192.0.2.1", details={"name": "Talk"}
    )


def test_an_event_says_who_did_what_to_whom_from_where(acme, event):
    event.refresh_from_db()

    assert (event.org, event.actor, event.action, event.target) == (acme, "u-1", "media.deleted", "m-1")
    assert (event.address, event.details) == ("192.0.2.1", {"name": "Talk"})


def test_without_an_actor_the_system_did_it(acme):
    assert audit.record(acme, action="media.swept").actor == "system"


def test_an_event_carries_the_id_of_its_request(acme):
    token = request_id.set("req_1")

    event = audit.record(acme, action="media.deleted")

    request_id.reset(token)
    assert event.request_id == "req_1"


def test_outside_a_request_there_is_no_id(event):
    assert event.request_id == ""


def test_the_other_tenant_sees_nothing(event, globex):
    assert not AuditEvent.of(globex).filter(action="media.deleted").exists()


def test_an_event_goes_away_with_the_deed(acme):
    with transaction.atomic():
        audit.record(acme, action="media.deleted")
        transaction.set_rollback(True)

    assert not AuditEvent.of(acme).filter(action="media.deleted").exists()


@pytest.mark.parametrize("column", DEEDS)
def test_what_was_done_cannot_be_rewritten(event, column):
    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(f'UPDATE orgs_auditevent SET "{column}" = "{column}" WHERE id = %s', [event.pk])


def test_an_event_cannot_be_deleted(event):
    with pytest.raises(IntegrityError, match="append-only"):
        event.delete()


def test_all_events_cannot_be_deleted_either(event):
    with pytest.raises(IntegrityError, match="append-only"):
        AuditEvent.objects.all().delete()


def test_a_person_can_be_erased(event):
    AuditEvent.objects.filter(pk=event.pk).update(actor="erased", address=None, details={})

    event.refresh_from_db()
    assert (event.actor, event.address, event.details) == ("erased", None, {})
