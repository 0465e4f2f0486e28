"""Whose turn it is: a few deliveries at a time for each organization, so that nobody waits for another's thousand.

Two bounds work together. A claim is refused while enough deliveries of the same organization, or to the same host of
it, are in flight. And each organization has only a few bells out at once: the end of one delivery rings for the next,
at the end of the queue, so that the turn goes round.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from core import bell
from core.leases import in_seconds, may_start
from orgs.models import Delivery, Event, WebhookEndpoint

BELLS_PER_ORG = 4
BELL_SECONDS = 30
"""A bell that nobody has answered for so long is taken for lost."""

IN_FLIGHT_PER_HOST = 3
"""So that one slow receiver does not use up its organization's share."""


def in_flight_per_org(cluster: str) -> int:
    """Return how much of one organization a cluster may do at once: half of a machine's workers, at least one."""
    return max(1, settings.Q_CLUSTER["ALT_CLUSTERS"][cluster]["workers"] // 2)


def due() -> QuerySet[Delivery]:
    """Return the deliveries whose time has come, at endpoints that may be disturbed."""
    ready = WebhookEndpoint.objects.filter(
        Q(paused_until=None) | Q(paused_until__lte=Now()),
        pk=OuterRef("endpoint"),
        state=WebhookEndpoint.State.ACTIVE,
    )
    return Delivery.objects.filter(may_start(), Q(endpoint=None) | Exists(ready), state=Delivery.State.PENDING)


def claimable() -> QuerySet[Delivery]:
    """Return the deliveries that a worker may take now.

    The bounds on what is in flight may be passed by as many workers as claim in the same instant. Everything about
    the row itself is exact, since no join comes between an UPDATE and the row that it locks.
    """
    return (
        due()
        .alias(
            org_in_flight=_in_flight(org=OuterRef("org")),
            host_in_flight=_in_flight(org=OuterRef("org"), host=OuterRef("host")),
        )
        .filter(org_in_flight__lt=in_flight_per_org(bell.IO), host_in_flight__lt=IN_FLIGHT_PER_HOST)
    )


def waiting_orgs() -> list[int]:
    """Return the primary keys of the organizations that have something to send and no bell out for it."""
    # The bounds are looked at for each organization afterwards: to count for each row here would take its time.
    return list(due().filter(_silent()).order_by("org").values_list("org", flat=True).distinct())


def ring_for_event(event: Event) -> int:
    """Ring for the deliveries of a new event, in the transaction that writes it. Return the number of bells."""
    return _ring(event.org_id, due().filter(event=event))


def ring_for_next(org_id: int) -> int:
    """Ring for what an organization has to send and may send now. Return the number of bells."""
    return _ring(org_id, claimable().filter(org=org_id))


@transaction.atomic
def _ring(org_id: int, candidates: QuerySet[Delivery]) -> int:
    out = Delivery.objects.filter(org=org_id, state=Delivery.State.PENDING, rung_at__gte=in_seconds(-BELL_SECONDS))
    free = max(0, BELLS_PER_ORG - out.count())
    # What never failed goes first: it is likelier to arrive than what has failed before.
    turns = candidates.filter(_silent()).order_by("failures", "pk").values_list("pk", flat=True)[:free]
    bells = 0
    for pk in list(turns):
        if Delivery.objects.filter(_silent(), pk=pk).update(rung_at=Now()):
            bell.ring(bell.IO, "orgs.tasks.deliver", str(pk))
            bells += 1
    return bells


def _silent() -> Q:
    return Q(rung_at=None) | Q(rung_at__lt=in_seconds(-BELL_SECONDS))


def _in_flight(**same: OuterRef) -> Coalesce:
    sending = Delivery.objects.filter(state=Delivery.State.SENDING, **same).order_by()
    return Coalesce(Subquery(sending.values("org").annotate(n=Count("pk")).values("n")), 0)
