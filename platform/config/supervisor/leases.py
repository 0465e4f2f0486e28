"""Which workers are at work, and which jobs wait: what the supervisor asks the database."""

import os
from collections.abc import Hashable, Iterable

from django.apps import apps
from django.db.models import Max
from django.db.models.functions import Now
from django_q.models import OrmQ

from core.leases import Leased, may_start
from transcription import services
from transcription.models import Transcription


def busy(pids: Iterable[int]) -> int:
    """Return how many of these processes hold a lease that they keep alive: on a job, a fetch, a delivery."""
    names = [f"{os.uname().nodename}:{pid}" for pid in pids]
    holders: set[str] = set()
    for model in apps.get_models():
        if issubclass(model, Leased):
            held = model.objects.filter(worker__in=names, lease_until__gt=Now())
            holders.update(held.values_list("worker", flat=True))
    return len(holders)


def last_claim(cluster: str) -> Hashable:
    """Return what changes with each claim of a job, or None unless jobs wait that `cluster` could do."""
    # Every transcribe cluster takes jobs for any device, one with CUDA leaves those for the CPU alone and vice versa.
    waiting = Transcription.objects.filter(may_start(), state=Transcription.State.QUEUED, device="auto")
    if cluster not in services.RUNG_FOR or not waiting.exists():
        return None
    return ("claim", Transcription.objects.aggregate(at=Max("claimed_at"))["at"])


def still_queued(messages: Iterable[int | None]) -> int | None:
    """Return the first of these messages that is still in the queue, or None."""
    numbers = [number for number in messages if number is not None]
    return OrmQ.objects.filter(pk__in=numbers).order_by("pk").values_list("pk", flat=True).first()
