"""Where bytes lie: shared by content inside an organization, and swept when nothing refers to them.

The rows that refer to a blob are its count; there is no other that could drift from them. Whoever writes such a row
holds the blob's lock until it is committed, and the sweep looks for such rows under the same lock. So either the sweep
sees the new row, or its writer sees that the blob is going and stores the bytes anew.
"""

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from core.errors import NotFound, Unavailable
from media.errors import EmptyFile, FileTooLarge
from media.models import Blob, Upload
from orgs.models import Organization

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)

_FAULTS = (OSError, BotoCoreError, ClientError)
"""What a storage raises when it fails: a disk, or S3."""

_ABANDONED_AFTER = timedelta(days=1)
"""Nothing takes so long to arrive: its worker is gone."""

_PIECE = 1024 * 1024
_BATCH = 2000


class FileRemoved(NotFound):
    """The file of this recording has been removed."""

    code = "file_removed"


class StorageUnavailable(Unavailable):
    """The file storage cannot be reached at the moment. Try again later."""

    code = "storage_unavailable"


def check_size(file: BinaryIO) -> int:
    """Return the size of `file` in bytes. Raises EmptyFile, FileTooLarge before anybody spends time on it."""
    size = file.seek(0, SEEK_END)
    if size == 0:
        raise EmptyFile
    if size > settings.MEDIA_MAX_BYTES:
        raise FileTooLarge(limit_bytes=settings.MEDIA_MAX_BYTES)
    return size


def store(org: Organization, file: BinaryIO, make_row: Callable[[Blob], Row]) -> Row:
    """Keep the bytes of `file`, unless the organization has them already, for the row that `make_row` writes.

    The bytes are written outside any transaction, the row in one that is short. Raises EmptyFile, FileTooLarge,
    StorageUnavailable.
    """
    size = check_size(file)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    while True:
        blob = _present(org, digest) or _write(org, file, digest, size)
        with transaction.atomic():
            # Between finding a blob and referring to it, its last reference may have gone: then store it anew.
            if held := _held(blob):
                return make_row(held)


def share(blob: Blob, make_row: Callable[[Blob], Row]) -> Row:
    """Return the row that `make_row` writes for bytes that are here already. Raises FileRemoved."""
    with transaction.atomic():
        if held := _held(blob):
            return make_row(held)
    raise FileRemoved


@contextmanager
def reading(blob: Blob) -> Iterator[BinaryIO]:
    """Open the bytes of `blob`, as an open file on this machine's disk.

    From S3 they are copied here first. Raises FileRemoved, StorageUnavailable.
    """
    with _faults_named():
        try:
            file = default_storage.open(blob.name)
        except FileNotFoundError:
            raise FileRemoved from None
        file.seek(0)  # S3 copies at the first touch: let it fail here, where the fault is named
    with file:
        yield file


def copy_to(blob: Blob, path: Path) -> None:
    """Put the bytes of `blob` at `path`: a hard link where the storage is this disk, else a copy.

    Nobody may write to it. Raises FileRemoved, StorageUnavailable.
    """
    try:
        path.hardlink_to(default_storage.path(blob.name))
    except (NotImplementedError, OSError):
        with reading(blob) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, _PIECE)


def sweep() -> int:
    """Delete the files that nothing refers to any more, and what was never finished. Return how many.

    To be called every few minutes on each machine. Harmless to run twice at once.
    """
    now = timezone.now()
    Upload.objects.filter(expires_at__lt=now).delete()
    _condemn(now)
    condemned = Blob.objects.filter(removed_at__isnull=False).order_by("pk")
    return sum(_delete(blob) for blob in condemned[:_BATCH]) + _delete_leftovers(now)


def _present(org: Organization, digest: str) -> Blob | None:
    return Blob.of(org).filter(sha256=digest, stored_at__isnull=False, removed_at=None).first()


def _held(blob: Blob) -> Blob | None:
    """Keep the sweep from `blob` until this transaction is over; None when it is going already."""
    stays = Blob.objects.select_for_update().filter(pk=blob.pk, stored_at__isnull=False, removed_at=None)
    return stays.first()


def _write(org: Organization, file: BinaryIO, digest: str, size: int) -> Blob:
    name = f"{org.public_id}/{get_random_string(32)}"
    # The row comes first, for good: if this process dies, the sweep still knows the file by name.
    with transaction.atomic(durable=True):
        blob = Blob.objects.create(org=org, sha256=digest, bytes=size, name=name)
    row = Blob.objects.filter(pk=blob.pk)
    try:
        with _faults_named():
            default_storage.save(name, File(file))
    except StorageUnavailable:
        row.update(removed_at=timezone.now())
        raise
    try:
        with transaction.atomic():
            is_awaited = row.filter(removed_at=None).update(stored_at=timezone.now())
    except IntegrityError:
        # Somebody else stored the same content meanwhile: that one will be found.
        row.update(removed_at=timezone.now())
    else:
        if not is_awaited:  # this took so long that the sweep has been here
            default_storage.delete(name)
    return blob


def _condemn(now: datetime) -> None:
    finished = Q(stored_at__isnull=False) | Q(created_at__lt=now - _ABANDONED_AFTER)
    idle = Blob.objects.unused().filter(finished, removed_at=None).order_by("pk")
    candidates = list(idle.values_list("pk", flat=True)[:_BATCH])
    if not candidates:
        return
    with transaction.atomic():
        # The lock first, the look in a statement of its own: on PostgreSQL that sees what was committed meanwhile.
        locked = Blob.objects.select_for_update().filter(pk__in=candidates).order_by("pk")
        Blob.objects.unused().filter(pk__in=[blob.pk for blob in locked]).update(removed_at=now)


def _delete(blob: Blob) -> bool:
    try:
        default_storage.delete(blob.name)
    except _FAULTS:
        logger.warning("The file %s could not be deleted; the next sweep tries again.", blob.name, exc_info=True)
        return False
    blob.delete()
    return True


def _delete_leftovers(now: datetime) -> int:
    """Delete uploads of which a killed process of this machine left a part behind."""
    oldest, deleted = (now - _ABANDONED_AFTER).timestamp(), 0
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"):
        with suppress(FileNotFoundError):  # its request has come to its end
            if path.stat().st_mtime < oldest:
                path.unlink()
                deleted += 1
    return deleted


@contextmanager
def _faults_named() -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        logger.warning("The file storage failed.", exc_info=True)
        raise StorageUnavailable from error
