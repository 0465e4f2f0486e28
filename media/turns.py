"""Whose turn it is: a few fetches at a time for each organization, so that nobody waits for another's thousand.

A claim is refused while the organization has its share in flight. Then the bell is answered for nothing, and the end of
a fetch rings for the next one, at the end of the queue, so that the turn goes round.
"""

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from core import bell
from core.leases import in_seconds, may_start
from media.models import Fetch
from orgs.turns import in_flight_per_org

BELL_SECONDS = 120
"""A bell that nobody has answered for so long is taken for lost."""


def claimable() -> QuerySet[Fetch]:
    """Return the fetches that a worker may take now.

    The bound on what is in flight may be passed by as many workers as claim in the same instant. Everything about the
    row itself is exact, since no join comes between an UPDATE and the row that it locks.
    """
    running = Fetch.objects.filter(org=OuterRef("org"), state=Fetch.State.PROCESSING).order_by().values("org")
    in_flight = Coalesce(Subquery(running.annotate(n=Count("pk")).values("n")), 0)
    waiting = Fetch.objects.filter(may_start(), state=Fetch.State.QUEUED)
    return waiting.alias(in_flight=in_flight).filter(in_flight__lt=in_flight_per_org(bell.FETCH))


def ring_for(fetch: Fetch) -> None:
    """Ask a worker to do `fetch`, in the caller's transaction."""
    bell.ring(bell.FETCH, "media.tasks.fetch", fetch.public_id)


def ring_for_next(org_id: int) -> None:
    """Ring for what an organization wants brought in next."""
    _ring(_silent().filter(org=org_id), most=1)


def ring_again(*, most: int) -> int:
    """Ring for fetches that may be done now and for which no bell is out. Return how many."""
    return _ring(_silent(), most=most)


def _silent() -> QuerySet[Fetch]:
    return claimable().filter(Q(rung_at=None) | Q(rung_at__lt=in_seconds(-BELL_SECONDS)))


def _ring(waiting: QuerySet[Fetch], *, most: int) -> int:
    # What never failed goes first: it is likelier to arrive than what has failed before.
    return sum(_ring_once(fetch) for fetch in waiting.order_by("failures", "pk")[:most])


@transaction.atomic
def _ring_once(fetch: Fetch) -> int:
    rung = _silent().filter(pk=fetch.pk).update(rung_at=Now())
    if rung:
        ring_for(fetch)
    return rung
