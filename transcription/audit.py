"""Compare the jobs with the ledger."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from billing import audit as ledger
from billing.audit import Discrepancy
from billing.models import Transfer
from transcription.models import Transcription

_ENDINGS = {
    Transcription.State.COMPLETED: Transfer.Kind.POST,
    Transcription.State.FAILED: Transfer.Kind.VOID,
    Transcription.State.CANCELLED: Transfer.Kind.VOID,
}


def audit() -> list[Discrepancy]:
    """Return every discrepancy of the ledger in itself and with the jobs; empty means that all is well.

    Every job has a hold; a job that is open has no hold resolved; one that is completed has all posted, one that failed
    or was cancelled has all released; and no hold is open without an open job.
    """
    return [*ledger.audit(), *_jobs_without_hold(), *_wrongly_resolved(), *_holds_without_job()]


def _jobs_without_hold() -> Iterator[Discrepancy]:
    holds = Transfer.objects.filter(job=OuterRef("public_id"), kind=Transfer.Kind.PENDING)
    for job in Transcription.objects.exclude(Exists(holds)).order_by("pk"):
        yield Discrepancy("every job has a hold", job.public_id, 1, 0)


def _wrongly_resolved() -> Iterator[Discrepancy]:
    holds = Transfer.objects.filter(kind=Transfer.Kind.PENDING)
    for state in Transcription.State:
        ending = _ENDINGS.get(state)
        of_state = holds.filter(job__in=Transcription.objects.filter(state=state).values("public_id"))
        wrong = of_state.exclude(resolution__kind=ending) if ending else of_state.filter(resolution__isnull=False)
        for job in wrong.order_by("pk").values_list("job", flat=True):
            yield Discrepancy(f"holds of a {state} job are {ending or 'open'}", job, 0, 1)


def _holds_without_job() -> Iterator[Discrepancy]:
    is_open = Transcription.objects.filter(public_id=OuterRef("job"), state__in=Transcription.OPEN)
    unresolved = Transfer.objects.filter(kind=Transfer.Kind.PENDING, resolution=None)
    for job in unresolved.exclude(Exists(is_open)).order_by("pk").values_list("job", flat=True):
        yield Discrepancy("an open hold has an open job", job, 0, 1)
