"""The same storage on S3, as the product's own settings set it up, against a server on the loopback interface."""

import io
import runpy
import threading

import pytest
import urllib3
from django.core.files.storage import default_storage
from django.db import transaction
from moto.server import ThreadedMotoServer

from config import env
from media import services, storage
from media.models import Blob, Upload
from media.services import Label
from tests.media.recordings import PATIENCE_SECONDS, add, make_older, tone, worker

BUCKET = "recordings"
FILM = bytes(range(256)) * 40_000
"""Ten megabytes: S3 takes them in several parts."""


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def bucket(server, disk, settings, monkeypatch):
    """An empty bucket, in the place of the local disk."""
    use_s3(settings, monkeypatch, endpoint_url=server)
    urllib3.request("POST", f"{server}/moto-api/reset")
    default_storage.bucket.create()
    return default_storage.bucket


def use_s3(settings, monkeypatch, *, endpoint_url: str) -> None:
    """Let the product's settings see an environment that names a bucket."""
    environment = {
        "STORAGE_BUCKET": BUCKET,
        "STORAGE_ENDPOINT_URL": endpoint_url,
        "STORAGE_REGION": "us-east-1",
        "STORAGE_ACCESS_KEY": "testing",
        "STORAGE_SECRET_KEY": "testing",
        "NO_PROXY": "127.0.0.1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.STORAGES = runpy.run_path(env.ROOT / "platform" / "config" / "settings.py")["STORAGES"]


def keep(org, content: bytes = b"sound") -> Upload:
    return services.fill_upload(services.open_upload(org), file=io.BytesIO(content))


def contents(bucket) -> list[bytes]:
    return sorted(found.get()["Body"].read() for found in bucket.objects.all())


def test_the_same_content_is_kept_once_in_an_organization(acme, bucket):
    first, second = keep(acme), keep(acme)

    assert first.blob == second.blob
    assert contents(bucket) == [b"sound"]


def test_the_same_content_is_never_shared_across_organizations(acme, globex, bucket):
    keep(acme)
    keep(globex)

    assert contents(bucket) == [b"sound", b"sound"]


def test_a_film_is_kept_whole(acme, bucket):
    blob = keep(acme, FILM).blob

    assert bucket.Object(blob.name).get()["Body"].read() == FILM


def test_the_given_file_stays_open(acme, bucket):
    file = io.BytesIO(b"sound")

    services.fill_upload(services.open_upload(acme), file=file)

    assert file.getvalue() == b"sound"


def test_a_copy_is_made_where_it_is_needed(acme, bucket, tmp_path):
    blob = keep(acme, FILM).blob

    storage.copy_to(blob, tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == FILM


def test_what_is_read_lies_on_this_disk_meanwhile(acme, bucket):
    blob = keep(acme).blob

    with storage.reading(blob) as file:
        content = open(file.fileno(), "rb", closefd=False).read()  # noqa: PTH123, SIM115

    assert content == b"sound"


def test_a_recording_is_brought_in(shelf, bucket):
    media = add(shelf, tone())

    assert media.container == "wav"
    assert contents(bucket) == [tone().read()]


def test_a_filled_upload_becomes_a_medium(shelf, bucket):
    upload = keep(shelf.org, tone().read())

    media = services.add_blob(shelf, blob=upload.blob, label=Label())

    assert (media.blob, media.container) == (upload.blob, "wav")


def test_a_file_goes_with_its_last_reference(shelf, bucket):
    media = add(shelf)

    services.delete_media(media)
    swept = storage.sweep()

    assert swept == 1
    assert contents(bucket) == []


def test_a_file_that_is_gone_already_is_swept_like_any_other(shelf, bucket):
    media = add(shelf)
    bucket.Object(media.blob.name).delete()
    services.delete_media(media)

    storage.sweep()

    assert not Blob.objects.exists()


def test_a_copy_of_what_is_gone_is_refused(acme, bucket, tmp_path):
    blob = keep(acme).blob
    bucket.Object(blob.name).delete()

    with pytest.raises(storage.FileRemoved):
        storage.copy_to(blob, tmp_path / "copy")


def test_a_signed_address_hands_out_the_file(acme, bucket):
    blob = keep(acme).blob

    answer = urllib3.request("GET", default_storage.url(blob.name))

    assert (answer.status, answer.data) == (200, b"sound")


def test_a_signed_address_hands_out_a_part_of_the_file(acme, bucket):
    blob = keep(acme).blob

    answer = urllib3.request("GET", default_storage.url(blob.name), headers={"Range": "bytes=1-3"})

    assert (answer.status, answer.data) == (206, b"oun")


def test_a_signed_address_opens_for_minutes_only(acme, bucket):
    address = default_storage.url(keep(acme).blob.name)

    assert "X-Amz-Expires=300" in address
    assert "X-Amz-Signature=" in address


def test_a_server_that_is_down_is_named(acme, disk, settings, monkeypatch, tmp_path):
    use_s3(settings, monkeypatch, endpoint_url="http://127.0.0.1:9")

    with pytest.raises(storage.StorageUnavailable):
        keep(acme)


def test_a_bucket_that_is_not_there_is_named(acme, bucket):
    bucket.delete()

    with pytest.raises(storage.StorageUnavailable):
        keep(acme)


def test_a_copy_from_a_server_that_is_down_is_named(acme, bucket, settings, monkeypatch, tmp_path):
    blob = keep(acme).blob
    use_s3(settings, monkeypatch, endpoint_url="http://127.0.0.1:9")

    with pytest.raises(storage.StorageUnavailable):
        storage.copy_to(blob, tmp_path / "copy")


def test_a_server_that_is_down_keeps_the_sweep_for_later(shelf, bucket, settings, monkeypatch):
    services.delete_media(add(shelf))
    use_s3(settings, monkeypatch, endpoint_url="http://127.0.0.1:9")

    swept = storage.sweep()

    assert swept == 0
    assert Blob.objects.get().removed_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_write_that_outlasts_the_sweep_leaves_nothing(acme, bucket):
    def let_a_day_pass() -> None:
        make_older(Blob.objects.get(), "created_at", days=2)
        storage.sweep()

    class Slow(io.BytesIO):
        """A file that takes more than a day the first time."""

        has_waited = False

        def read(self, size: int = -1) -> bytes:
            if not self.has_waited:
                self.has_waited = True
                worker(let_a_day_pass).join(PATIENCE_SECONDS)
            return super().read(size)

    upload = services.fill_upload(services.open_upload(acme), file=Slow(b"sound"))

    assert contents(bucket) == [b"sound"]
    assert bucket.Object(upload.blob.name).get()["Body"].read() == b"sound"


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_bytes_are_written(acme, bucket):
    reading, go_on = threading.Event(), threading.Event()

    class Waiting(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            reading.set()
            go_on.wait(PATIENCE_SECONDS)
            return super().read(size)

    upload = services.open_upload(acme)
    filling = worker(services.fill_upload, upload, file=Waiting(b"sound"))
    reading.wait(PATIENCE_SECONDS)

    with transaction.atomic():
        written = Upload.objects.filter(pk=upload.pk).update(name="written meanwhile")

    go_on.set()
    filling.join(PATIENCE_SECONDS)
    assert written == 1
    assert contents(bucket) == [b"sound"]


def test_a_film_does_not_pass_through_memory(acme, bucket):
    assert 0 < default_storage.max_memory_size <= 64 * 1024 * 1024
