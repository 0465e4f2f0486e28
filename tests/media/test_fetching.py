"""Media from a customer's URL: brought in once, whatever the server, the worker or the bell does."""

import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from core import outbound
from core.draining import flag
from core.errors import NotFound
from core.leases import this_worker
from media import collections, fetching, services, tasks
from media.models import Collection, Fetch, Media
from media.services import Label
from orgs.models import Event
from tests.core.loopback import Site, answer, redirect
from tests.media.children import wait_until
from tests.media.recordings import PATIENCE_SECONDS, files, process, worker

CLIP = (Path(__file__).parents[1] / "speech" / "short.wav").read_bytes()
CALLBACK = {"dialect": "videodb", "url": "https://example.org/hook", "data": {"n": 1}}


def wanted(shelf: Collection, url: str, *, callback: dict | None = None, **label) -> Fetch:
    return fetching.request_fetch(shelf, url=url, label=Label(**label), callback=callback)


def done(fetch: Fetch) -> Fetch:
    """Do the fetch as a worker would, and return what became of it."""
    tasks.fetch(fetch.public_id)
    fetch.refresh_from_db()
    return fetch


def rung() -> list[str]:
    """Return the ids of all bells in the queue, in order."""
    return [argument for message in OrmQ.objects.order_by("pk") for argument in message.task["args"]]


def expire_lease() -> None:
    Fetch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def news() -> list[tuple[str, dict]]:
    return [(event.type, event.payload) for event in Event.objects.order_by("pk")]


class Gate:
    """A page that is sent when the test says so."""

    def __init__(self, site: Site, path: str, page: bytes = b"") -> None:
        self.arrived, self._open, self._page = threading.Event(), threading.Event(), page or answer(body=CLIP)
        site.pages[path] = self._send

    def open(self) -> None:
        self._open.set()

    def _send(self, site: Site) -> Iterator[bytes]:
        self.arrived.set()
        self._open.wait(PATIENCE_SECONDS)
        yield self._page


@pytest.fixture
def clip(site) -> str:
    """The address of a recording."""
    site.pages["/talk.wav"] = answer(body=CLIP)
    return f"{site.url}/talk.wav"


@pytest.fixture
def gate(site):
    gate = Gate(site, "/talk.wav")
    yield gate
    gate.open()


def test_a_fetch_waits_and_a_bell_rings(shelf, clip):
    fetch = wanted(shelf, clip)

    assert (fetch.state, fetch.percentage) == ("queued", 0)
    assert rung() == [fetch.public_id]
    assert not Media.objects.exists()


def test_a_recording_is_brought_in(shelf, clip, disk):
    fetch = done(wanted(shelf, clip))

    media = Media.objects.get()
    assert (fetch.state, fetch.media, fetch.percentage) == ("completed", media, 100)
    assert (fetch.bytes_done, fetch.bytes_total) == (len(CLIP), len(CLIP))
    assert (media.name, media.kind, media.collection) == ("talk.wav", "audio", shelf)
    assert fetch.finished_at is not None
    assert files(disk) == [CLIP]


def test_a_fetch_leaves_nothing_else_on_the_disk(shelf, clip, settings):
    done(wanted(shelf, clip))

    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


def test_the_label_is_kept(shelf, clip):
    done(wanted(shelf, clip, name="Talk", description="about", kind="video", created_by="key_1"))

    media = Media.objects.get()
    assert (media.name, media.description, media.kind, media.created_by) == ("Talk", "about", "video", "key_1")


@pytest.mark.parametrize(("name", "kept"), [("a\0b\udc80", "ab"), ("ß" * 600, "ß" * 500)])
def test_words_are_made_fit_to_be_kept(name, kept, shelf, clip):
    done(wanted(shelf, clip, name=name, description=name))

    assert Media.objects.get().name == kept


def test_the_news_is_told_once(shelf, clip):
    fetch = wanted(shelf, clip, callback=CALLBACK)

    done(fetch)
    done(fetch)

    assert news() == [("media.added", {"fetch": fetch.public_id, "media": Media.objects.get().public_id})]
    assert Event.objects.get().deliveries.get().callback == CALLBACK


def test_a_redirect_is_followed(shelf, site, clip):
    site.pages["/moved"] = redirect("/talk.wav")

    assert done(wanted(shelf, f"{site.url}/moved")).state == "completed"


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (answer(404), "refused_status"),
        (answer(403), "refused_status"),
        (answer(), "empty_file"),
        (answer(body=b"<html>Sign in</html>" * 50), "not_media"),
        (answer(body=b"#EXTM3U\nfile:///etc/passwd\n"), "not_media"),
        (answer(body=CLIP, content_encoding="br"), "unreadable_answer"),
        (redirect("http://10.0.0.1/talk.wav"), "forbidden_address"),
        (redirect("http://169.254.169.254/latest/meta-data/"), "forbidden_address"),
        (redirect("file:///etc/passwd"), "bad_url"),
    ],
    ids=[
        "not found",
        "forbidden",
        "empty",
        "a web page",
        "a playlist",
        "an encoding we do not speak",
        "to a private address",
        "to the cloud's metadata",
        "to a file",
    ],
)
def test_what_cannot_go_well_fails_at_once(page, code, shelf, site):
    site.pages["/"] = page

    fetch = done(wanted(shelf, site.url, callback=CALLBACK))

    error = {"code": code, "message": fetch.error_message}
    assert (fetch.state, fetch.error_code, fetch.media) == ("failed", code, None)
    assert fetch.finished_at is not None
    assert news() == [("media.failed", {"fetch": fetch.public_id, "error": error})]
    assert not Media.objects.exists()


@pytest.mark.parametrize(
    "page",
    [answer(body=CLIP), answer(content_length="none") + CLIP],
    ids=["announced", "not announced"],
)
def test_a_file_over_the_limit_fails(page, shelf, site, settings, disk):
    settings.MEDIA_MAX_BYTES = len(CLIP) - 1
    site.pages["/"] = page

    fetch = done(wanted(shelf, site.url))

    assert (fetch.state, fetch.error_code) == ("failed", "too_many_bytes")
    assert files(disk) == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/a.wav", "http://localhost/a.wav", "http://[::1]/a.wav", "http://10.0.0.1/a.wav"],
)
def test_an_address_of_our_own_network_is_refused_when_it_is_given(url, shelf, settings):
    settings.OUTBOUND_ALLOW = []

    with pytest.raises(outbound.ForbiddenAddress):
        wanted(shelf, url)

    assert not Fetch.objects.exists()
    assert rung() == []


def test_an_address_that_was_allowed_once_is_refused_when_it_is_used(shelf, site, clip, settings):
    fetch = wanted(shelf, clip)
    settings.OUTBOUND_ALLOW = []

    done(fetch)

    assert (fetch.state, fetch.error_code) == ("failed", "bad_url")
    assert site.requests == []


@pytest.mark.parametrize(
    "url", ["", "talk.wav", "file:///etc/passwd", "http://a\0b/", "http://example.org/" + "a" * 2048]
)
def test_what_is_no_address_is_refused_when_it_is_given(url, shelf):
    with pytest.raises(outbound.BadUrl):
        wanted(shelf, url)


def test_a_fetch_for_a_collection_that_is_gone_is_refused(shelf, clip):
    Collection.objects.all().delete()

    with pytest.raises(NotFound):
        wanted(shelf, clip)


@pytest.mark.parametrize("page", [answer(500), answer(503), answer(429), b"", answer(body=CLIP)[:-9]])
def test_what_may_pass_is_tried_again_after_a_pause(page, shelf, site, clip):
    site.pages["/talk.wav"] = page
    fetch = wanted(shelf, clip)
    OrmQ.objects.all().delete()

    done(fetch)
    during_the_pause = fetching.reconcile()

    assert (fetch.state, fetch.failures, fetch.lease_until) == ("queued", 1, None)
    assert timedelta(seconds=3) < fetch.not_before - timezone.now() < timedelta(seconds=6)
    assert during_the_pause == 0
    assert news() == []


def test_a_pause_comes_to_its_end(shelf, site, clip):
    site.pages["/talk.wav"] = answer(503)
    fetch = done(wanted(shelf, clip))
    OrmQ.objects.all().delete()
    site.pages["/talk.wav"] = answer(body=CLIP)
    Fetch.objects.update(not_before=timezone.now())

    fetching.reconcile()
    bells = rung()
    done(fetch)

    assert bells == [fetch.public_id]
    assert fetch.state == "completed"


def test_a_pause_is_kept_even_if_a_bell_rings(shelf, site, clip):
    site.pages["/talk.wav"] = answer(503)
    fetch = done(wanted(shelf, clip))

    done(fetch)

    assert len(site.requests) == 1


def test_each_pause_is_longer_and_the_last_failure_is_final(shelf, site, clip):
    site.pages["/talk.wav"] = answer(503)
    fetch = wanted(shelf, clip)

    pauses = [failed_again(fetch), failed_again(fetch)]
    done(fetch)

    assert pauses == [5, 20]
    assert (fetch.state, fetch.error_code) == ("failed", "refused_status")
    assert len(site.requests) == fetching.MAX_FAILURES
    assert [kind for kind, _ in news()] == ["media.failed"]


def failed_again(fetch: Fetch) -> int:
    """Do the fetch, let the pause after it be over, and return how many seconds that was."""
    started_at = timezone.now()
    pause = done(fetch).not_before - started_at
    Fetch.objects.update(not_before=None)
    return round(pause.total_seconds())


def test_a_server_that_stalls_is_given_up_for_now(shelf, site, clip, settings):
    settings.FETCH_TIMEOUT_SECONDS = 0.3
    site.pages["/talk.wav"] = lambda site: iter([answer(body=CLIP)[:1000], site.stall() or b""])

    fetch = done(wanted(shelf, clip))

    assert (fetch.state, fetch.failures) == ("queued", 1)


def test_a_storage_that_fails_is_tried_again(shelf, clip, disk):
    disk.write_bytes(b"a file where the folder should be")

    fetch = done(wanted(shelf, clip))

    assert (fetch.state, fetch.failures) == ("queued", 1)


def test_a_fetch_that_is_gone_is_nobodys_work(shelf, site, clip):
    fetch = wanted(shelf, clip)
    Fetch.objects.all().delete()

    tasks.fetch(fetch.public_id)

    assert site.requests == []


def test_a_lost_bell_is_rung_again(shelf, clip):
    fetch = wanted(shelf, clip)
    OrmQ.objects.all().delete()
    Fetch.objects.update(rung_at=timezone.now() - timedelta(minutes=10))

    count = fetching.reconcile()

    assert count == 1
    assert rung() == [fetch.public_id]


def test_a_bell_that_may_still_be_heard_is_not_rung_again(shelf, clip):
    wanted(shelf, clip)

    assert fetching.reconcile() == 0


def test_a_bell_is_rung_again_once(shelf, clip):
    wanted(shelf, clip)
    OrmQ.objects.all().delete()
    Fetch.objects.update(rung_at=None)

    assert [fetching.reconcile(), fetching.reconcile()] == [1, 0]


def test_what_is_over_is_left_alone(shelf, clip):
    fetch = done(wanted(shelf, clip))
    OrmQ.objects.all().delete()
    Fetch.objects.update(lease_until=timezone.now() - timedelta(days=1), rung_at=None)

    count = fetching.reconcile()

    fetch.refresh_from_db()
    assert (count, fetch.state, rung()) == (0, "completed", [])


def test_an_organization_has_its_share_of_the_workers(shelf, clip, settings):
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"ALT_CLUSTERS": {"fetch": {"workers": 4}}}
    running = [wanted(shelf, clip), wanted(shelf, clip)]
    Fetch.objects.filter(pk__in=[fetch.pk for fetch in running]).update(state="processing")
    waiting = wanted(shelf, clip)

    done(waiting)

    assert (waiting.state, waiting.rung_at) == ("queued", None)


def test_another_organizations_share_is_its_own(shelf, globex, clip):
    wanted(shelf, clip)
    Fetch.objects.update(state="processing")

    assert done(wanted(collections.default_collection(globex), clip)).state == "completed"


def test_the_end_of_a_fetch_rings_for_the_next(shelf, clip):
    first, second = wanted(shelf, clip), wanted(shelf, clip)
    OrmQ.objects.all().delete()
    Fetch.objects.filter(pk=second.pk).update(rung_at=None)

    done(first)

    assert rung()[-1:] == [second.public_id]


def test_a_machine_that_goes_down_begins_nothing(shelf, site, clip):
    flag().parent.mkdir(parents=True)
    flag().touch()

    fetch = done(wanted(shelf, clip))

    assert (fetch.state, fetch.attempt, fetch.rung_at) == ("queued", 0, None)
    assert site.requests == []


def test_a_machine_that_goes_down_puts_its_work_back(shelf, site, clip):
    def go_down(site: Site) -> Iterator[bytes]:
        yield answer(content_length="none") + CLIP[:1000]
        flag().parent.mkdir(parents=True)
        flag().touch()
        yield from site.trickle(CLIP[:1000])

    site.pages["/talk.wav"] = go_down

    fetch = done(wanted(shelf, clip))

    assert (fetch.state, fetch.failures, fetch.lease_until) == ("queued", 0, None)
    assert rung() == [fetch.public_id, fetch.public_id]


@pytest.mark.django_db(transaction=True)
def test_a_fetch_is_claimed_before_the_download_and_outside_any_transaction(shelf, gate, site):
    fetch = wanted(shelf, f"{site.url}/talk.wav")
    thread = worker(tasks.fetch, fetch.public_id)
    gate.arrived.wait(PATIENCE_SECONDS)

    # Another connection sees the claim, and writes, while the file is still awaited.
    fetch.refresh_from_db()
    written = Fetch.objects.filter(pk=fetch.pk).update(error_code="written meanwhile")

    gate.open()
    thread.join(PATIENCE_SECONDS)
    assert (fetch.state, fetch.attempt, fetch.worker, written) == ("processing", 1, this_worker(), 1)
    assert timedelta(seconds=30) < fetch.lease_until - timezone.now() < timedelta(seconds=90)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_bring_it_in_once(shelf, clip, site):
    fetch = wanted(shelf, clip)
    start = threading.Barrier(2)

    def attempt() -> None:
        start.wait(PATIENCE_SECONDS)
        tasks.fetch(fetch.public_id)

    for thread in [worker(attempt), worker(attempt)]:
        thread.join(PATIENCE_SECONDS)

    fetch.refresh_from_db()
    assert len(site.requests) == 1
    assert (fetch.state, fetch.attempt, fetch.media) == ("completed", 1, Media.objects.get())
    assert len(news()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_zombies_late_result_is_dropped(shelf, site, disk):
    gate = Gate(site, "/talk.wav")
    fetch = wanted(shelf, f"{site.url}/talk.wav")
    zombie = worker(tasks.fetch, fetch.public_id)
    gate.arrived.wait(PATIENCE_SECONDS)
    expire_lease()
    fetching.reconcile()
    site.pages["/talk.wav"] = answer(body=CLIP)
    done(fetch)

    gate.open()
    zombie.join(PATIENCE_SECONDS)

    fetch.refresh_from_db()
    assert (fetch.state, fetch.attempt, fetch.failures) == ("completed", 2, 1)
    assert fetch.media == Media.objects.get()
    assert len(news()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_zombies_late_failure_is_dropped(shelf, site):
    gate = Gate(site, "/talk.wav", answer(404))
    fetch = wanted(shelf, f"{site.url}/talk.wav")
    zombie = worker(tasks.fetch, fetch.public_id)
    gate.arrived.wait(PATIENCE_SECONDS)
    expire_lease()
    fetching.reconcile()

    gate.open()
    zombie.join(PATIENCE_SECONDS)

    fetch.refresh_from_db()
    assert (fetch.state, fetch.failures, fetch.error_code) == ("queued", 1, "")
    assert news() == []


@pytest.mark.django_db(transaction=True)
def test_a_late_result_counts_while_nobody_has_taken_over(shelf, site, gate):
    fetch = wanted(shelf, f"{site.url}/talk.wav")
    slow = worker(tasks.fetch, fetch.public_id)
    gate.arrived.wait(PATIENCE_SECONDS)
    expire_lease()

    gate.open()
    slow.join(PATIENCE_SECONDS)

    fetch.refresh_from_db()
    assert (fetch.state, fetch.attempt) == ("completed", 1)


@pytest.mark.django_db(transaction=True)
def test_a_lost_lease_stops_the_download(shelf, site, clip, monkeypatch):
    monkeypatch.setattr(fetching, "LEASE_SECONDS", 0.3)
    begun = threading.Event()

    def endless(site: Site) -> Iterator[bytes]:
        yield answer(content_length="none")
        begun.set()
        yield from site.trickle(b"a")

    site.pages["/talk.wav"] = endless
    fetch = wanted(shelf, clip)
    zombie = worker(tasks.fetch, fetch.public_id)
    begun.wait(PATIENCE_SECONDS)

    Fetch.objects.update(attempt=2)
    zombie.join(PATIENCE_SECONDS)

    fetch.refresh_from_db()
    assert not zombie.is_alive()
    assert (fetch.state, fetch.attempt) == ("processing", 2)


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_keeps_the_lease_and_tells_the_progress(shelf, site, monkeypatch):
    monkeypatch.setattr(fetching, "LEASE_SECONDS", 0.3)
    go_on = threading.Event()

    def slowly(site: Site) -> Iterator[bytes]:
        yield answer(body=CLIP)[:100_000]
        go_on.wait(PATIENCE_SECONDS)
        yield answer(body=CLIP)[100_000:]

    site.pages["/talk.wav"] = slowly
    fetch = wanted(shelf, f"{site.url}/talk.wav")
    first_lease_ends = timezone.now() + timedelta(seconds=0.4)
    thread = worker(tasks.fetch, fetch.public_id)

    wait_until(Fetch.objects.filter(bytes_done__gt=0, lease_until__gt=first_lease_ends).exists)
    fetch.refresh_from_db()
    go_on.set()
    thread.join(PATIENCE_SECONDS)

    assert 0 < fetch.percentage < 100
    assert Fetch.objects.get().state == "completed"


@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_fetch_is_taken_up(shelf, site, settings, disk):
    gate = Gate(site, "/talk.wav")
    fetch = wanted(shelf, f"{site.url}/talk.wav")
    pid = process(tasks.fetch, fetch.public_id)
    gate.arrived.wait(PATIENCE_SECONDS)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    left_behind = list(settings.FILE_UPLOAD_TEMP_DIR.iterdir())
    OrmQ.objects.all().delete()
    expire_lease()
    site.pages["/talk.wav"] = answer(body=CLIP)

    fetching.reconcile()
    bells = rung()
    done(fetch)

    assert left_behind == []
    assert bells == [fetch.public_id]
    assert (fetch.state, fetch.attempt, fetch.failures) == ("completed", 2, 1)
    assert len(news()) == 1


def test_a_fetch_that_kills_its_workers_is_given_up(shelf, clip):
    fetch = wanted(shelf, clip)
    Fetch.objects.update(state="processing", attempt=3, failures=fetching.MAX_FAILURES - 1)
    expire_lease()

    fetching.reconcile()

    fetch.refresh_from_db()
    assert (fetch.state, fetch.error_code) == ("failed", "fetch_abandoned")
    assert [kind for kind, _ in news()] == ["media.failed"]


def test_a_lease_that_still_runs_is_left_alone(shelf, clip):
    fetch = wanted(shelf, clip)
    Fetch.objects.update(
        state="processing",
        failures=fetching.MAX_FAILURES - 1,
        lease_until=timezone.now() + timedelta(seconds=30),
        rung_at=None,
    )

    fetching.reconcile()

    fetch.refresh_from_db()
    assert (fetch.state, fetch.failures) == ("processing", 2)


@pytest.mark.django_db(transaction=True)
def test_two_reconcilers_at_once_ring_once(shelf, clip):
    fetch = wanted(shelf, clip)
    OrmQ.objects.all().delete()
    Fetch.objects.update(state="processing")
    expire_lease()

    for thread in [worker(fetching.reconcile), worker(fetching.reconcile)]:
        thread.join(PATIENCE_SECONDS)

    assert Fetch.objects.get().failures == 1
    assert rung() == [fetch.public_id]


@pytest.mark.django_db(transaction=True)
def test_a_collection_deleted_during_the_fetch_takes_it_along(acme, disk, site, gate):
    shelf = collections.create_collection(acme, name="Interviews")
    fetch = wanted(shelf, f"{site.url}/talk.wav")
    thread = worker(tasks.fetch, fetch.public_id)
    gate.arrived.wait(PATIENCE_SECONDS)

    collections.delete_collection(shelf)
    gate.open()
    thread.join(PATIENCE_SECONDS)

    assert not thread.is_alive()
    assert not Fetch.objects.exists()
    assert not Media.objects.exists()
    assert news() == []


def test_a_deleted_medium_leaves_its_fetch(shelf, clip):
    fetch = done(wanted(shelf, clip))

    services.delete_media(fetch.media)

    fetch.refresh_from_db()
    assert (fetch.state, fetch.media) == ("completed", None)
