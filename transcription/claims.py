"""Which job is next: the most urgent, and among those the turn goes round the organizations."""

from django.db.models import Count, F, Max, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce

from core.leases import may_start
from transcription import services
from transcription.models import Transcription

_TRIES = 5
_State = Transcription.State


def claim_next(*, worker: str, devices: tuple[str, ...]) -> Transcription | None:
    """Take the job whose turn it is among those that want one of `devices`, or return None when nothing waits.

    The most urgent go first; among equals the organization with the fewest running jobs, then the one that was served
    longest ago, then the oldest job. So nobody's thousand files make another wait for more than one.
    """
    for _ in range(_TRIES):
        pk = _next(devices)
        if pk is None:
            return None
        job = services.claimed(pk, worker=worker)
        if job is not None:
            return job
    # Others were faster each time: they are awake, and every job left has a bell of its own.
    return None


def _next(devices: tuple[str, ...]) -> int | None:
    waiting = Transcription.objects.filter(may_start(), state=_State.QUEUED, device__in=devices)
    urgency = waiting.order_by("-urgency").values_list("urgency", flat=True).first()
    if urgency is None:
        return None
    of_org = Transcription.objects.filter(org=OuterRef("org")).order_by().values("org")
    running = of_org.filter(state=_State.PROCESSING).annotate(n=Count("pk")).values("n")
    served_at = of_org.annotate(at=Max("claimed_at")).values("at")
    turn = (
        waiting.filter(urgency=urgency)
        .values("org")
        .annotate(oldest=Min("pk"), running=Coalesce(Subquery(running), 0), served_at=Subquery(served_at))
        .order_by("running", F("served_at").asc(nulls_first=True), "oldest")
        .first()
    )
    return turn and turn["oldest"]
