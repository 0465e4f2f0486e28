"""Send deliveries: claim, post, record; the reconciler brings back what was lost on the way.

The request itself runs outside any transaction, between two conditional UPDATEs. A worker that dies in between leaves
a lease that runs out, so a message may arrive twice, always under the same id; it never gets lost.
"""

import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from core import outbound
from core.errors import PolyscribeError
from core.leases import in_seconds, this_worker
from orgs import breaker, schedule, turns
from orgs.endpoints import SCHEMES
from orgs.models import Delivery, WebhookEndpoint
from orgs.rendering import register_renderer, render

__all__ = ["reconcile", "register_renderer", "send"]

LEASE_SECONDS = 60
DEADLINE_SECONDS = 20

logger = logging.getLogger(__name__)

_State = Delivery.State
_GONE = 410


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended; `error` is empty if the receiver accepted the message."""

    error: str
    status: int | None = None
    body: str = ""
    seconds: float | None = None
    asked_seconds: float = 0


def send(delivery_pk: int) -> None:
    """Make one attempt at a delivery, if it is due and nobody else is at it."""
    delivery = _claim(delivery_pk)
    if delivery is None:
        return
    _record(delivery, _attempt(delivery))
    turns.ring_for_next(delivery.org_id)


def reconcile() -> int:
    """Take up what lost its worker or its bell, and give up what can no longer be sent. Return how often it rang.

    To be called every few seconds. Harmless to run twice or on several hosts at once.
    """
    lost = Delivery.objects.filter(state=_State.SENDING, lease_until__lt=Now())
    _give_up(lost.filter(failures__gte=schedule.MAX_FAILURES - 1), "The delivery was interrupted too often.")
    lost.update(state=_State.PENDING, failures=F("failures") + 1, lease_until=None, rung_at=None)
    disabled = WebhookEndpoint.objects.filter(state=WebhookEndpoint.State.DISABLED)
    _give_up(Delivery.objects.filter(state=_State.PENDING, endpoint__in=disabled), "The endpoint is switched off.")
    return sum(turns.ring_for_next(org_id) for org_id in turns.waiting_orgs())


def _give_up(deliveries, error: str) -> None:
    deliveries.update(state=_State.FAILED, error=error, lease_until=None, finished_at=Now())


@transaction.atomic
def _claim(pk: int) -> Delivery | None:
    claimed = (
        turns.claimable()
        .filter(pk=pk)
        .update(
            state=_State.SENDING,
            attempt=F("attempt") + 1,
            lease_until=in_seconds(LEASE_SECONDS),
            worker=this_worker(),
            rung_at=None,
        )
    )
    if not claimed:
        # This bell is answered; when the delivery's turn comes, another will ring.
        Delivery.objects.filter(pk=pk, state=_State.PENDING).update(rung_at=None)
        return None
    return Delivery.objects.select_related("event", "endpoint__org").get(pk=pk)


def _attempt(delivery: Delivery) -> Outcome:
    now = timezone.now()
    try:
        message = render(delivery, at=now)
    except Exception:
        # Renderers belong to dialects: whatever goes wrong in one must not keep the others waiting.
        logger.exception("Delivery %s could not be written.", delivery.pk)
        return Outcome("The message could not be written.")
    try:
        reply = outbound.post(
            delivery.url, message.body, headers=message.headers, deadline_seconds=DEADLINE_SECONDS, schemes=SCHEMES
        )
    except PolyscribeError as error:
        return Outcome(error.message)
    return Outcome(
        "" if 200 <= reply.status < 300 else f"The receiver answered with status {reply.status}.",
        reply.status,
        # PostgreSQL keeps no NUL in a text.
        reply.body.decode(errors="replace").replace("\0", "\ufffd"),
        reply.seconds,
        schedule.asked_seconds(reply.status, reply.headers.get("Retry-After", ""), now=now),
    )


@transaction.atomic
def _record(delivery: Delivery, outcome: Outcome) -> None:
    is_gone = outcome.status == _GONE and delivery.endpoint is not None
    changes = _accepted() if not outcome.error else _refused(delivery, outcome, is_gone)
    mine = Delivery.objects.filter(pk=delivery.pk, attempt=delivery.attempt, state=_State.SENDING)
    recorded = mine.update(
        lease_until=None,
        response_status=outcome.status,
        response_body=outcome.body,
        error=outcome.error,
        seconds=outcome.seconds,
        **changes,
    )
    if not recorded:
        logger.info("A late result of delivery %s is dropped.", delivery.pk)
    elif delivery.endpoint and outcome.error:
        breaker.note_failure(delivery.endpoint, is_gone=is_gone, asked_seconds=outcome.asked_seconds)
    elif delivery.endpoint:
        breaker.note_success(delivery.endpoint)


def _accepted() -> dict:
    return {"state": _State.DELIVERED, "finished_at": Now()}


def _refused(delivery: Delivery, outcome: Outcome, is_gone: bool) -> dict:
    failures = delivery.failures + 1
    if is_gone or failures >= schedule.MAX_FAILURES:
        return {"state": _State.FAILED, "failures": failures, "finished_at": Now()}
    delay = schedule.delay_seconds(failures, asked_seconds=outcome.asked_seconds)
    return {"state": _State.PENDING, "failures": failures, "not_before": in_seconds(delay)}
