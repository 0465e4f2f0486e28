"""Bring media in from a customer's URL, on the io cluster, under a lease."""

import logging
from collections.abc import Callable
from tempfile import TemporaryFile

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from core import outbound
from core.draining import is_draining
from core.errors import PolyscribeError, Unavailable
from core.heartbeat import Heartbeat
from core.leases import in_seconds, this_worker
from media import collections, services, turns
from media.models import Collection, Fetch, Media
from media.texts import storable
from orgs import outbox

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60
MAX_FAILURES = 3
_PAUSE_SECONDS = 5
_BATCH = 100
_State = Fetch.State


class FetchAbandoned(Unavailable):
    """This file could not be brought in, after several tries. Send it again."""

    code = "fetch_abandoned"


class LostFetch(PolyscribeError):
    """Another worker has taken this fetch over."""


def request_fetch(collection: Collection, *, url: str, label: services.Label, callback: dict | None = None) -> Fetch:
    """Ask for the media at `url`; it is brought in soon.

    Raises what `core.outbound` names for an address that must not or cannot be reached, and NotFound when the
    collection is gone.
    """
    outbound.check_url(url)
    with transaction.atomic():
        collections.keep(collection)
        fetch = Fetch.objects.create(
            org=collection.org,
            collection=collection,
            url=url,
            kind=label.kind,
            name=storable(label.name, max_chars=Fetch._meta.get_field("name").max_length),
            description=storable(label.description),
            requested_by=label.created_by,
            callback=callback,
        )
        turns.ring_for(fetch)
    return fetch


def run(public_id: str) -> None:
    """Do one fetch, if it is still to be done, its organization's turn has come and nobody else does it."""
    fetch = _claim(public_id)
    if fetch is None:
        return
    renewal = _Renewal(fetch)
    with Heartbeat(renewal, interval_seconds=LEASE_SECONDS / 6, patience_seconds=LEASE_SECONDS / 2) as pulse:
        try:
            _bring_in(fetch, renewal, should_stop=lambda: pulse.is_lost() or is_draining())
        except (outbound.Stopped, LostFetch):
            logger.info("Fetch %s, attempt %s: put down.", fetch.public_id, fetch.attempt)
            _put_back(fetch)
        except PolyscribeError as error:
            logger.info("Fetch %s, attempt %s: %s", fetch.public_id, fetch.attempt, error.code)
            if _may_pass(error) and fetch.failures + 1 < MAX_FAILURES:
                _pause(fetch)
            else:
                _fail(_mine(fetch), fetch, error)
    turns.ring_for_next(fetch.org_id)


def reconcile() -> int:
    """Take up fetches whose worker is gone or whose message was lost. Return how often it rang.

    To be called every few seconds. Harmless to run twice or on several hosts at once.
    """
    lost = Fetch.objects.filter(state=_State.PROCESSING, lease_until__lt=Now())
    for fetch in lost.filter(failures__gte=MAX_FAILURES - 1).select_related("org").order_by("pk")[:_BATCH]:
        _fail(lost.filter(pk=fetch.pk), fetch, FetchAbandoned())
    lost.filter(failures__lt=MAX_FAILURES - 1).update(
        state=_State.QUEUED, failures=F("failures") + 1, lease_until=None, rung_at=None
    )
    return turns.ring_again(most=_BATCH)


class _Renewal:
    """Extends the lease and writes down how far the download is."""

    def __init__(self, fetch: Fetch) -> None:
        self._mine = _mine(fetch)
        self._bytes: tuple[int, int | None] = (0, None)

    def __call__(self) -> bool:
        done, total = self._bytes
        return bool(self._mine.update(lease_until=in_seconds(LEASE_SECONDS), bytes_done=done, bytes_total=total))

    def note(self, done: int, total: int | None) -> None:
        self._bytes = done, total


def _mine(fetch: Fetch) -> QuerySet[Fetch]:
    return Fetch.objects.filter(pk=fetch.pk, attempt=fetch.attempt, state=_State.PROCESSING)


@transaction.atomic
def _claim(public_id: str) -> Fetch | None:
    # One transaction: else somebody could claim it between the statements, and lend us a number that is not ours.
    this = Fetch.objects.filter(public_id=public_id)
    wanted = Fetch.objects.none() if is_draining() else turns.claimable().filter(public_id=public_id)
    claimed = wanted.update(
        state=_State.PROCESSING,
        attempt=F("attempt") + 1,
        lease_until=in_seconds(LEASE_SECONDS),
        worker=this_worker(),
        rung_at=None,
    )
    if not claimed:
        # This bell is answered; when the fetch's turn comes, another will ring.
        this.filter(state=_State.QUEUED).update(rung_at=None)
        return None
    return this.select_related("org", "collection__org").get()


def _bring_in(fetch: Fetch, renewal: _Renewal, *, should_stop: Callable[[], bool]) -> None:
    with TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        download = outbound.download(
            fetch.url,
            file,
            max_bytes=settings.MEDIA_MAX_BYTES,
            deadline_seconds=settings.FETCH_TIMEOUT_SECONDS,
            on_progress=renewal.note,
            should_stop=should_stop,
        )
        label = services.Label(
            name=fetch.name or download.filename or "",
            description=fetch.description,
            kind=fetch.kind,
            created_by=fetch.requested_by,
        )
        services.add_file(fetch.collection, file=file, label=label, also=lambda media: _complete(fetch, media))


def _may_pass(error: PolyscribeError) -> bool:
    return isinstance(error, Unavailable) or (isinstance(error, outbound.OutboundError) and error.is_temporary)


def _complete(fetch: Fetch, media: Media) -> None:
    changed = _mine(fetch).update(
        state=_State.COMPLETED,
        media=media,
        bytes_done=media.bytes,
        bytes_total=media.bytes,
        lease_until=None,
        finished_at=Now(),
    )
    if not changed:
        raise LostFetch
    _tell(fetch, "media.added", {"media": media.public_id})


@transaction.atomic
def _fail(rows: QuerySet[Fetch], fetch: Fetch, error: PolyscribeError) -> None:
    failed = rows.update(
        state=_State.FAILED,
        error_code=error.code,
        error_message=error.message,
        lease_until=None,
        finished_at=Now(),
    )
    if failed:
        _tell(fetch, "media.failed", {"error": {"code": error.code, "message": error.message}})


def _tell(fetch: Fetch, news: str, data: dict) -> None:
    payload = {"fetch": fetch.public_id, **data}
    outbox.publish(fetch.org, type=news, subject=fetch.public_id, payload=payload, callback=fetch.callback)


def _pause(fetch: Fetch) -> None:
    pause = in_seconds(_PAUSE_SECONDS * 4**fetch.failures)
    _mine(fetch).update(state=_State.QUEUED, failures=F("failures") + 1, lease_until=None, not_before=pause)


def _put_back(fetch: Fetch) -> None:
    _mine(fetch).update(state=_State.QUEUED, lease_until=None)
