from datetime import timedelta

import pytest

from core.outbound import BadUrl, ForbiddenAddress
from core.signing import decrypt
from orgs import endpoints
from orgs.models import AuditEvent, Delivery, WebhookEndpoint
from tests.orgs.receiver import publish

pytestmark = pytest.mark.django_db
URL = "https://93.184.216.34/hook?token=not-for-logs"


@pytest.fixture
def hook(acme):
    return endpoints.create_endpoint(acme, url=URL, actor="u-1").endpoint


def deeds(org) -> list[str]:
    return list(AuditEvent.of(org).filter(action__startswith="webhook_endpoint.").values_list("action", flat=True))


def test_an_endpoint_begins_active_and_wants_everything(acme):
    endpoint, _ = endpoints.create_endpoint(acme, url=URL)

    assert (endpoint.org, endpoint.url, endpoint.state, endpoint.event_types) == (acme, URL, "active", [])
    assert endpoint.wants("anything.at_all")


def test_the_secret_is_stored_encrypted(acme):
    endpoint, secret = endpoints.create_endpoint(acme, url=URL)

    assert secret not in str(WebhookEndpoint.objects.values().get())
    assert decrypt(endpoint.encrypted_secret) == secret


def test_every_endpoint_has_a_secret_of_its_own(acme):
    assert endpoints.create_endpoint(acme, url=URL).secret != endpoints.create_endpoint(acme, url=URL).secret


def test_event_types_are_kept_once_each(acme):
    chosen = ["job.failed", "job.completed", "job.failed"]

    endpoint, _ = endpoints.create_endpoint(acme, url=URL, event_types=chosen)

    assert endpoint.event_types == ["job.completed", "job.failed"]


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("", BadUrl),
        ("example", BadUrl),
        ("ftp://93.184.216.34/", BadUrl),
        ("http://93.184.216.34/", BadUrl),
        ("https://user:password@93.184.216.34/", BadUrl),
        ("https://93.184.216.34:22/", BadUrl),
        ("https://2130706433/", BadUrl),
        ("https://93.184.216.34/" + "x" * 2048, BadUrl),
        ("https://93.184.216.34/\x00", BadUrl),
        ("https://10.0.0.1/", ForbiddenAddress),
        ("https://169.254.169.254/latest/meta-data", ForbiddenAddress),
        ("https://[::1]/", ForbiddenAddress),
        ("https://[fd00:ec2::254]/", ForbiddenAddress),
    ],
)
def test_an_unfit_url_makes_no_endpoint(acme, url, refusal):
    with pytest.raises(refusal):
        endpoints.create_endpoint(acme, url=url)

    assert not WebhookEndpoint.objects.exists()
    assert deeds(acme) == []


@pytest.mark.parametrize(
    "event_types",
    ["job.completed", [""], ["Job.Completed"], ["job completed"], ["job."], [".job"], ["x" * 65], [1], [None], [["a"]]],
    ids=str,
)
def test_unfit_event_types_make_no_endpoint(acme, event_types):
    with pytest.raises(endpoints.InvalidEventTypes):
        endpoints.create_endpoint(acme, url=URL, event_types=event_types)

    assert not WebhookEndpoint.objects.exists()


def test_too_many_event_types_make_no_endpoint(acme):
    with pytest.raises(endpoints.InvalidEventTypes):
        endpoints.create_endpoint(acme, url=URL, event_types=[f"type_{n}" for n in range(51)])


def test_endpoints_are_bounded_for_each_organization(acme, globex):
    endpoints.create_endpoint(globex, url=URL)
    full = [WebhookEndpoint(org=acme, url=URL) for _ in range(endpoints.MAX_ENDPOINTS)]
    WebhookEndpoint.objects.bulk_create(full)

    with pytest.raises(endpoints.TooManyEndpoints):
        endpoints.create_endpoint(acme, url=URL)

    assert WebhookEndpoint.of(acme).count() == endpoints.MAX_ENDPOINTS


def test_a_rotated_secret_leaves_the_former_one_for_a_while(acme):
    endpoint, former = endpoints.create_endpoint(acme, url=URL)

    secret = endpoints.rotate_secret(endpoint, overlap=timedelta(hours=1))

    assert secret != former
    assert decrypt(endpoint.encrypted_secret) == secret
    assert decrypt(endpoint.encrypted_previous_secret) == former
    assert endpoint.previous_secret_expires_at > endpoint.created_at


def test_the_secret_rotated_out_is_the_present_one_not_the_one_last_seen(hook):
    stale = WebhookEndpoint.objects.get()
    second = endpoints.rotate_secret(hook)

    endpoints.rotate_secret(stale)

    assert decrypt(stale.encrypted_previous_secret) == second


def test_switching_off_twice_is_written_down_once(acme, hook):
    endpoints.disable_endpoint(hook)
    endpoints.disable_endpoint(hook)

    assert WebhookEndpoint.objects.get().state == "disabled"
    assert deeds(acme) == ["webhook_endpoint.created", "webhook_endpoint.disabled"]


def test_switching_on_begins_with_a_clean_record(acme, hook):
    WebhookEndpoint.objects.update(state="disabled", consecutive_failures=40, paused_until=hook.created_at)

    endpoints.enable_endpoint(hook)

    assert (hook.state, hook.consecutive_failures, hook.paused_until) == ("active", 0, None)
    assert deeds(acme)[-1] == "webhook_endpoint.enabled"


def test_a_pause_can_be_ended_by_switching_on_what_is_on(acme, hook):
    WebhookEndpoint.objects.update(consecutive_failures=5, paused_until=hook.created_at)

    endpoints.enable_endpoint(hook)

    assert (hook.consecutive_failures, hook.paused_until) == (0, None)
    assert deeds(acme) == ["webhook_endpoint.created"]


def test_a_deleted_endpoint_takes_its_deliveries_along(acme, hook):
    publish(acme)

    endpoints.delete_endpoint(hook)

    assert not WebhookEndpoint.objects.exists()
    assert not Delivery.objects.exists()
    assert deeds(acme)[-1] == "webhook_endpoint.deleted"


def test_the_audit_log_holds_neither_url_nor_secret(acme, hook):
    endpoints.rotate_secret(hook, actor="u-1")
    endpoints.disable_endpoint(hook, actor="u-1", reason="Moved.")

    written = str(list(AuditEvent.of(acme).values()))

    assert "u-1" in written
    assert "not-for-logs" not in written
    assert "whsec_" not in written
