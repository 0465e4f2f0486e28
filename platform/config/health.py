"""Whether this machine answers, and whether it can do its work."""

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Min
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from config.cluster import CLUSTERS
from config.schema import missing_migrations
from config.supervisor import status
from config.supervisor.chores import RECONCILE, name_of
from core.leases import may_start
from transcription.engine.errors import MissingModel, UnknownModel
from transcription.engine.files import locate
from transcription.models import Transcription

logger = logging.getLogger(__name__)

_STORAGE_SECONDS = 30
"""An answer of the storage holds this long: asking it writes a file, perhaps on another machine."""

_LATE_SECONDS = 60
"""What has not happened for this long, beyond its usual pause, does not happen any more."""


@dataclass(frozen=True)
class Check:
    ok: bool
    words: str


@csrf_exempt
@require_safe
@cache_control(no_store=True)
def live(request: HttpRequest) -> JsonResponse:
    """Answer that this process answers."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
@cache_control(no_store=True)
def ready(request: HttpRequest) -> JsonResponse:
    """Answer with 200 if everything that a job needs is there, else with 503; say what is not."""
    checks = {name: _guarded(name, check) for name, check in CHECKS.items()}
    well = all(check.ok for check in checks.values())
    body = {
        "status": "ok" if well else "failing",
        "checks": {name: asdict(check) for name, check in checks.items()},
    }
    return JsonResponse(body, status=200 if well else 503)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except Exception:
        # Each storage and each database has errors of its own, whose words name hosts and paths: they are for the log.
        logger.exception("The check %s could not be made.", name)
        return Check(False, "It does not answer.")


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check(True, "It answers.")


class Migrations:
    """Looks until all are applied, and never again: new ones come with a new process."""

    def __init__(self) -> None:
        self._are_applied = False

    def __call__(self) -> Check:
        missing = 0 if self._are_applied else len(missing_migrations())
        self._are_applied = not missing
        return Check(not missing, f"{missing} are missing." if missing else "All are applied.")


class Storage:
    """Writes a small file and removes it, now and then."""

    def __init__(self) -> None:
        self._asked_at: float | None = None

    def __call__(self) -> Check:
        now = time.monotonic()
        if self._asked_at is None or now - self._asked_at > _STORAGE_SECONDS:
            default_storage.delete(default_storage.save(f"health/{get_random_string(16)}", ContentFile(b"well")))
            self._asked_at = now
        return Check(True, "It can be written.")


def _cluster() -> Check:
    if not CLUSTERS:
        return Check(True, "This machine runs no workers.")
    state = status.read()
    if state is None or state.age_seconds > _LATE_SECONDS + settings.SUPERVISE_SECONDS:
        return Check(False, "The supervisor does not run.")
    ill = [name for name in CLUSTERS if name not in state.clusters or not state.clusters[name].is_well]
    restarts = sum(cluster.restarts for cluster in state.clusters.values())
    return Check(not ill, f"{'Not well: ' + ', '.join(ill) if ill else 'All are well'}. Restarts: {restarts}.")


def _reconcilers() -> Check:
    state = status.read() if CLUSTERS else None
    if state is None:
        return Check(not CLUSTERS, "None runs on this machine.")
    seconds = time.time() - min(state.chores.get(name_of(chore), 0) for chore in RECONCILE)
    return Check(seconds < _LATE_SECONDS + settings.RECONCILE_SECONDS, f"All succeeded {seconds:.0f} seconds ago.")


def _queue() -> Check:
    waiting = Transcription.objects.filter(may_start(), state=Transcription.State.QUEUED)
    since = waiting.aggregate(since=Min("created_at"))["since"]
    seconds = (timezone.now() - since).total_seconds() if since else 0
    return Check(seconds < settings.HEALTH_QUEUE_SECONDS, f"The oldest job has waited {seconds:.0f} seconds.")


def _disk() -> Check:
    free = shutil.disk_usage(settings.DATA_DIR).free
    return Check(free >= settings.HEALTH_FREE_BYTES, f"{free / 1024**3:.1f} GiB are free.")


def _model() -> Check:
    if not CLUSTERS:
        return Check(True, "This machine runs no workers.")
    try:
        locate(settings.WHISPER_MODEL, settings.MODEL_DIR)
    except (MissingModel, UnknownModel) as error:
        return Check(False, error.message)
    return Check(True, f"The model {settings.WHISPER_MODEL} is there.")


CHECKS: dict[str, Callable[[], Check]] = {
    "database": _database,
    "migrations": Migrations(),
    "storage": Storage(),
    "cluster": _cluster,
    "reconcilers": _reconcilers,
    "queue": _queue,
    "disk": _disk,
    "model": _model,
}
