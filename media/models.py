"""Collections, media, and the ways in which media come in."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from core.ids import new_id
from core.leases import Leased
from core.ownership import Owned, OwnedQuerySet
from orgs.models import Organization


def new_collection_id() -> str:
    return new_id("collection")


def new_upload_id() -> str:
    return new_id("upload")


def new_fetch_id() -> str:
    return new_id("fetch")


class BlobQuerySet(OwnedQuerySet):
    def unused(self) -> Self:
        """Return the blobs that nothing refers to."""
        of_it = {"blob": OuterRef("pk")}
        return self.filter(~Exists(Media.objects.filter(**of_it)), ~Exists(Upload.objects.filter(**of_it)))


class Blob(Owned):
    """The bytes of a file, kept once per organization for as long as anything refers to them."""

    org = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    name = models.CharField(max_length=200, unique=True)
    """Name in Django's storage: random, so that it says nothing and is never taken twice."""
    stored_at = models.DateTimeField(null=True)
    """Null while the bytes are on their way."""
    removed_at = models.DateTimeField(null=True)
    """Set when nothing refers to it any more: the sweep deletes file and row."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BlobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["org", "sha256"],
                condition=Q(stored_at__isnull=False, removed_at__isnull=True),
                name="blob_once_per_content",
            ),
        ]
        indexes = [models.Index(fields=["removed_at"], name="blob_removed", condition=Q(removed_at__isnull=False))]

    def __str__(self) -> str:
        return self.name


class Collection(Owned):
    """A shelf for media. Every organization has a default one."""

    public_id = models.CharField(max_length=64, unique=True, default=new_collection_id, editable=False)
    org = models.ForeignKey(Organization, models.CASCADE, related_name="collections")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    is_public = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org"], condition=Q(is_default=True), name="collection_one_default"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"


class Media(Owned):
    """A recording (or a picture) that is ready to be used."""

    class Kind(models.TextChoices):
        VIDEO = "video"
        AUDIO = "audio"
        IMAGE = "image"

    public_id = models.CharField(max_length=64, unique=True, editable=False)
    org = models.ForeignKey(Organization, models.CASCADE, related_name="media")
    collection = models.ForeignKey(Collection, models.PROTECT, related_name="media")
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    blob = models.ForeignKey(Blob, models.PROTECT, null=True, blank=True, related_name="media")
    """Null once the file was removed and the text kept."""
    bytes = models.BigIntegerField()
    seconds = models.FloatField(null=True, blank=True)
    """As the file's header says, until decoding has counted it; null when the header does not say."""
    container = models.CharField(max_length=32)
    audio_codec = models.CharField(max_length=32, blank=True)
    video_codec = models.CharField(max_length=32, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    frames_per_second = models.FloatField(null=True, blank=True)
    created_by = models.CharField(max_length=64, blank=True)
    """Public id of the key or user that brought it in."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "media"
        indexes = [
            models.Index(fields=["org", "kind", "-id"], name="media_by_org"),
            models.Index(fields=["collection", "kind", "-id"], name="media_by_collection"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"


class Upload(Owned):
    """A place for one file, opened by a key and filled through an unguessable link."""

    public_id = models.CharField(max_length=64, unique=True, default=new_upload_id, editable=False)
    org = models.ForeignKey(Organization, models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=500, blank=True)
    blob = models.ForeignKey(Blob, models.PROTECT, null=True, blank=True, related_name="uploads")
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.public_id


class Fetch(Owned, Leased):
    """Media on its way here from a customer's URL."""

    class State(models.TextChoices):
        QUEUED = "queued"
        PROCESSING = "processing"
        COMPLETED = "completed"
        FAILED = "failed"

    public_id = models.CharField(max_length=64, unique=True, default=new_fetch_id, editable=False)
    org = models.ForeignKey(Organization, models.CASCADE, related_name="fetches")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="+")
    url = models.TextField()
    kind = models.CharField(max_length=8, choices=Media.Kind, blank=True)
    """Asked for; empty means whatever is in the file."""
    name = models.CharField(max_length=500, blank=True)
    description = models.TextField(blank=True)
    callback = models.JSONField(null=True, blank=True)
    requested_by = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(null=True, blank=True)
    media = models.OneToOneField(Media, models.SET_NULL, null=True, blank=True, related_name="fetch")
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    rung_at = models.DateTimeField(null=True, default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "fetches"
        indexes = [
            models.Index(fields=["org"], name="fetch_open", condition=Q(state__in=["queued", "processing"])),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def percentage(self) -> int:
        return round(100 * self.bytes_done / self.bytes_total) if self.bytes_total else 0
