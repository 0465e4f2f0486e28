"""Bytes: shared inside an organization, never across, and swept when nothing refers to them."""

import hashlib
import io
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from core.errors import Unavailable
from media import services, storage
from media.errors import EmptyFile, FileTooLarge
from media.models import Blob, Media, Upload
from tests.media.recordings import PATIENCE_SECONDS, add, die, files, make_older, process, tone, worker


def keep(org, content: bytes = b"sound") -> Upload:
    """Store `content` for a row that refers to it."""
    return services.fill_upload(services.open_upload(org), file=io.BytesIO(content))


def ignore(blob: Blob) -> Blob:
    """Write no row at all."""
    return blob


def fail(blob: Blob) -> None:
    """Write no row because something went wrong."""
    raise RuntimeError("no row")


def test_the_same_content_is_kept_once_in_an_organization(acme, disk):
    first, second = keep(acme), keep(acme)

    assert first.blob == second.blob
    assert files(disk) == [b"sound"]


def test_the_same_content_is_never_shared_across_organizations(acme, globex, disk):
    ours, theirs = keep(acme), keep(globex)

    assert ours.blob != theirs.blob
    assert files(disk) == [b"sound", b"sound"]


def test_other_content_is_kept_apart(acme, disk):
    keep(acme, b"one")
    keep(acme, b"two")

    assert files(disk) == [b"one", b"two"]


def test_a_blob_knows_its_content(acme, disk):
    blob = keep(acme).blob

    assert blob.bytes == 5
    assert blob.sha256 == hashlib.sha256(b"sound").hexdigest()
    assert blob.stored_at is not None


def test_a_files_name_says_nothing_of_its_content(acme, disk):
    name = keep(acme).blob.name

    assert name.startswith(f"{acme.public_id}/")
    assert (disk / name).read_bytes() == b"sound"


def test_the_files_are_nobody_elses_to_read(acme, disk):
    assert (disk / keep(acme).blob.name).stat().st_mode & 0o077 == 0


def test_the_given_file_stays_open_and_in_its_place(acme, disk, tmp_path):
    path = tmp_path / "archive.wav"
    path.write_bytes(b"sound")

    with path.open("rb") as file:
        storage.store(acme, file, ignore)
        file.seek(0)
        left = file.read()

    assert left == path.read_bytes() == b"sound"


def test_an_empty_file_is_refused(acme, disk):
    with pytest.raises(EmptyFile):
        storage.store(acme, io.BytesIO(), ignore)

    assert not Blob.objects.exists()


def test_a_file_of_just_the_limit_is_kept(acme, disk, settings):
    settings.MEDIA_MAX_BYTES = 5

    assert keep(acme).blob.bytes == 5


def test_a_file_over_the_limit_is_refused(acme, disk, settings):
    settings.MEDIA_MAX_BYTES = 4

    with pytest.raises(FileTooLarge) as refusal:
        storage.store(acme, io.BytesIO(b"sound"), ignore)

    assert refusal.value.details == {"limit_bytes": 4}
    assert not Blob.objects.exists()


def test_a_size_is_told(disk):
    assert storage.check_size(io.BytesIO(b"sound")) == 5


def test_the_sweep_leaves_what_something_refers_to(acme, disk):
    keep(acme)

    swept = storage.sweep()

    assert swept == 0
    assert files(disk) == [b"sound"]


def test_a_file_goes_with_its_last_reference(shelf, disk):
    first, second = add(shelf), add(shelf)

    services.delete_media(first)
    swept_before = storage.sweep()
    services.delete_media(second)
    swept_after = storage.sweep()

    assert (swept_before, swept_after) == (0, 1)
    assert files(disk) == []
    assert not Blob.objects.exists()


def test_an_upload_and_a_medium_count_alike(shelf, disk):
    upload = services.fill_upload(services.open_upload(shelf.org), file=tone())
    media = services.add_blob(shelf, blob=upload.blob, label=services.Label())

    services.delete_media(media)
    storage.sweep()

    assert len(files(disk)) == 1


def test_the_sweep_knows_everything_that_can_refer_to_a_file():
    assert {relation.related_model for relation in Blob._meta.related_objects} == {Media, Upload}


def test_an_expired_upload_goes_with_its_file(acme, disk):
    make_older(keep(acme), "expires_at", days=2)

    storage.sweep()

    assert not Upload.objects.exists()
    assert files(disk) == []


def test_what_was_swept_is_stored_anew(shelf, disk):
    services.delete_media(add(shelf))
    storage.sweep()

    add(shelf)

    assert len(files(disk)) == 1


def test_what_is_about_to_be_swept_is_stored_anew(acme, disk):
    doomed = storage.store(acme, io.BytesIO(b"sound"), ignore)
    Blob.objects.update(removed_at=timezone.now())

    upload = keep(acme)
    storage.sweep()

    assert upload.blob != doomed
    assert files(disk) == [b"sound"]


def test_a_file_on_its_way_is_not_swept(acme, disk):
    coming = Blob.objects.create(org=acme, sha256="0" * 64, bytes=5, name="acme/coming")

    storage.sweep()

    assert Blob.objects.get() == coming


def test_a_failing_row_leaves_no_reference(acme, disk):
    with pytest.raises(RuntimeError, match="no row"):
        storage.store(acme, io.BytesIO(b"sound"), fail)
    storage.sweep()

    assert files(disk) == []


def test_one_file_that_cannot_be_deleted_does_not_stop_the_sweep(acme, disk):
    stuck = Blob.objects.create(org=acme, sha256="0" * 64, bytes=5, name="acme/stuck", removed_at=timezone.now())
    (disk / stuck.name / "child").mkdir(parents=True)
    storage.store(acme, io.BytesIO(b"sound"), ignore)

    swept = storage.sweep()

    assert swept == 1
    assert Blob.objects.get() == stuck


def test_a_file_that_is_gone_already_is_swept_like_any_other(acme, disk):
    blob = storage.store(acme, io.BytesIO(b"sound"), ignore)
    (disk / blob.name).unlink()

    storage.sweep()

    assert not Blob.objects.exists()


def test_uploads_cut_off_by_a_killed_process_are_swept(settings, disk, db):
    old, new = (settings.FILE_UPLOAD_TEMP_DIR / name for name in ("a.upload", "b.upload.mp3"))
    old.write_bytes(b"half of it")
    new.write_bytes(b"half of it")
    os.utime(old, (0, 0))

    swept = storage.sweep()

    assert swept == 1
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == [new]


def test_a_storage_that_fails_is_named(acme, disk):
    disk.write_bytes(b"a file where the folder should be")

    with pytest.raises(storage.StorageUnavailable) as failure:
        storage.store(acme, io.BytesIO(b"sound"), ignore)

    assert isinstance(failure.value, Unavailable)


def test_what_a_failing_storage_had_begun_is_swept(acme, disk):
    disk.write_bytes(b"a file where the folder should be")
    with pytest.raises(storage.StorageUnavailable):
        storage.store(acme, io.BytesIO(b"sound"), ignore)
    disk.unlink()

    storage.sweep()

    assert not Blob.objects.exists()


def test_storing_inside_another_transaction_is_a_mistake(acme, disk):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        storage.store(acme, io.BytesIO(b"sound"), ignore)


def test_sharing_what_is_going_is_refused(acme, disk):
    blob = storage.store(acme, io.BytesIO(b"sound"), ignore)
    Blob.objects.update(removed_at=timezone.now())

    with pytest.raises(storage.FileRemoved):
        storage.share(blob, ignore)


def test_a_copy_on_the_same_disk_is_a_link(acme, disk, tmp_path):
    blob = keep(acme).blob

    storage.copy_to(blob, tmp_path / "copy")

    assert (tmp_path / "copy").samefile(disk / blob.name)


def test_a_copy_outlives_the_original(shelf, disk, tmp_path):
    media = add(shelf, tone(800))
    storage.copy_to(media.blob, tmp_path / "copy")

    services.delete_media(media)
    storage.sweep()

    assert (tmp_path / "copy").read_bytes() == tone(800).read()


def test_a_copy_to_another_disk_is_a_copy(acme, disk):
    other = Path("/dev/shm/polyscribe-copy")
    blob = keep(acme).blob

    try:
        storage.copy_to(blob, other)
        copied = other.read_bytes()
    finally:
        other.unlink()

    assert copied == b"sound"


def test_a_copy_of_what_is_gone_is_refused(acme, disk, tmp_path):
    blob = keep(acme).blob
    (disk / blob.name).unlink()

    with pytest.raises(storage.FileRemoved):
        storage.copy_to(blob, tmp_path / "copy")

    assert not (tmp_path / "copy").exists()


class Deadly(io.BytesIO):
    """A file that kills whoever reads its n-th piece."""

    def __init__(self, content: bytes, *, pieces: int) -> None:
        super().__init__(content)
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:
        self._pieces -= 1
        if not self._pieces:
            die()
        return super().read(size)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pieces", [1, 2], ids=["before any byte", "after the last"])
def test_a_worker_killed_while_it_writes_leaves_nothing_after_a_sweep(pieces, acme, disk):
    os.waitpid(process(storage.store, acme, Deadly(b"sound", pieces=pieces), ignore), 0)
    blob = Blob.objects.get()
    existed = (disk / blob.name).exists()
    make_older(blob, "created_at", days=2)

    storage.sweep()

    assert existed
    assert not Blob.objects.exists()
    assert files(disk) == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_file_and_row_leaves_nothing_after_a_sweep(acme, disk):
    os.waitpid(process(storage.store, acme, io.BytesIO(b"sound"), die), 0)
    before = files(disk)

    storage.sweep()

    assert before == [b"sound"]
    assert files(disk) == []


@pytest.mark.django_db(transaction=True)
def test_the_same_content_from_two_at_once_is_kept_once(acme, disk):
    start = threading.Barrier(2)

    def both() -> None:
        start.wait(PATIENCE_SECONDS)
        keep(acme)

    for thread in [worker(both), worker(both)]:
        thread.join(PATIENCE_SECONDS)
    storage.sweep()

    assert Upload.objects.filter(blob=Blob.objects.get()).count() == 2
    assert files(disk) == [b"sound"]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_waits_for_a_reference_that_is_being_written(acme, disk):
    storage.store(acme, io.BytesIO(b"sound"), ignore)
    holding, go_on = threading.Event(), threading.Event()

    def refer(blob: Blob) -> Upload:
        upload = Upload.objects.create(org=acme, blob=blob, expires_at=timezone.now() + timedelta(days=1))
        holding.set()
        go_on.wait(PATIENCE_SECONDS)
        return upload

    referring = worker(storage.store, acme, io.BytesIO(b"sound"), refer)
    holding.wait(PATIENCE_SECONDS)
    sweeping = worker(storage.sweep)
    sweeping.join(0.3)
    waited = sweeping.is_alive()
    go_on.set()
    referring.join(PATIENCE_SECONDS)
    sweeping.join(PATIENCE_SECONDS)

    assert waited
    assert Upload.objects.get().blob == Blob.objects.get(removed_at=None)
    assert files(disk) == [b"sound"]


@pytest.mark.django_db(transaction=True)
def test_a_reference_that_comes_during_the_sweep_stores_anew(acme, disk):
    doomed = storage.store(acme, io.BytesIO(b"sound"), ignore)
    holding, go_on = threading.Event(), threading.Event()

    def condemn() -> None:
        with transaction.atomic():
            Blob.objects.filter(pk=doomed.pk).update(removed_at=timezone.now())
            holding.set()
            go_on.wait(PATIENCE_SECONDS)

    sweeping = worker(condemn)
    holding.wait(PATIENCE_SECONDS)
    referring = worker(keep, acme)
    referring.join(0.3)
    waited = referring.is_alive()
    go_on.set()
    sweeping.join(PATIENCE_SECONDS)
    referring.join(PATIENCE_SECONDS)
    storage.sweep()

    assert waited
    assert Upload.objects.get().blob != doomed
    assert files(disk) == [b"sound"]


@pytest.mark.django_db(transaction=True)
def test_nothing_loses_its_file_while_others_come_go_and_sweep(acme, disk):
    over = threading.Event()
    lost: list[str] = []

    def come_and_go() -> None:
        for _ in range(12):
            upload = keep(acme)
            lost.extend([upload.blob.name] if not (disk / upload.blob.name).exists() else [])
            upload.delete()

    def sweep() -> None:
        while not over.is_set():
            storage.sweep()

    sweeping = worker(sweep)
    for thread in [worker(come_and_go) for _ in range(3)]:
        thread.join(PATIENCE_SECONDS)
    over.set()
    sweeping.join(PATIENCE_SECONDS)
    storage.sweep()

    assert lost == []
    assert files(disk) == []
