"""The job, its checkpoints, and the transcripts that come of it."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.pricing import Priority, Rate
from core.ids import new_id
from core.leases import Leased
from core.ownership import Owned
from media.models import Media
from orgs.models import ApiKey, Organization


def new_transcription_id() -> str:
    return new_id("transcription")


class Transcription(Owned, Leased):
    """One job: this recording, with these options, for this price."""

    class State(models.TextChoices):
        QUEUED = "queued"
        PROCESSING = "processing"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Stage(models.TextChoices):
        FETCH = "fetch"
        DECODE = "decode"
        TRANSCRIBE = "transcribe"

    OPEN = (State.QUEUED, State.PROCESSING)
    URGENCIES = (Priority.NORMAL, Priority.HIGH, Priority.URGENT)

    public_id = models.CharField(max_length=64, unique=True, default=new_transcription_id, editable=False)
    org = models.ForeignKey(Organization, models.CASCADE, related_name="transcriptions")
    media = models.ForeignKey(Media, models.CASCADE, related_name="transcriptions")
    requested_by = models.ForeignKey(ApiKey, models.SET_NULL, null=True, blank=True, related_name="+")
    dialect = models.CharField(max_length=32, blank=True)
    end_user = models.CharField(max_length=256, blank=True)
    """Whoever the customer did it for, in the customer's words."""
    callback = models.JSONField(null=True, blank=True)

    model = models.CharField(max_length=64)
    language = models.CharField(max_length=16, blank=True)
    """Whisper's code; empty means: find out."""
    task = models.CharField(max_length=16, default="transcribe")
    prompt = models.TextField(blank=True)
    device = models.CharField(max_length=8, default="auto")
    urgency = models.PositiveSmallIntegerField(default=0)
    """Index into URGENCIES."""
    share_key = models.CharField(max_length=64, null=True, blank=True)
    """What jobs that may be joined have in common: recording and options. Null for a job that stands alone."""

    base_rate = models.DecimalField(max_digits=8, decimal_places=4, default=Decimal(1))
    organization_multiplier = models.DecimalField(max_digits=8, decimal_places=4, default=Decimal(1))
    priority_multiplier = models.DecimalField(max_digits=8, decimal_places=4, default=Decimal(1))

    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    stage = models.CharField(max_length=16, choices=Stage, blank=True)
    progress = models.FloatField(default=0)
    """Per cent."""
    seconds = models.FloatField(null=True, blank=True)
    """Decoded duration, once it is known."""
    used_device = models.CharField(max_length=8, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    rung_at = models.DateTimeField(null=True, default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["org", "-id"], name="job_by_org"),
            models.Index(fields=["media", "-id"], name="job_by_media"),
            models.Index(fields=["-urgency", "org", "id"], name="job_waiting", condition=Q(state="queued")),
            models.Index(fields=["org", "lease_until"], name="job_running", condition=Q(state="processing")),
            models.Index(fields=["org", "-claimed_at"], name="job_turns"),
            models.Index(fields=["share_key"], name="job_shared", condition=Q(state="completed")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["share_key"], condition=Q(state__in=["queued", "processing"]), name="job_shared_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "processing"], finished_at__isnull=True)
                | Q(state__in=["completed", "failed", "cancelled"], finished_at__isnull=False),
                name="job_finished_if_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.state})"

    @property
    def priority(self) -> Priority:
        return self.URGENCIES[self.urgency]

    @property
    def rate(self) -> Rate:
        return Rate(self.base_rate, self.organization_multiplier, self.priority_multiplier)

    @property
    def is_over(self) -> bool:
        return self.state not in self.OPEN


class BlockPlan(models.Model):
    """Where a recording is cut: made once a job, so that a resumed job cuts in the same places."""

    job = models.OneToOneField(Transcription, models.CASCADE, related_name="plan")
    blocks = models.JSONField()
    """Rows of `[start_seconds, end_seconds, speech_probability]`, in order."""

    def __str__(self) -> str:
        return f"{len(self.blocks)} blocks of {self.job}"


class Checkpoint(models.Model):
    """The result of one block, kept while the job runs: live segments, and where a resumed job goes on."""

    job = models.ForeignKey(Transcription, models.CASCADE, related_name="checkpoints")
    index = models.PositiveIntegerField()
    result = models.JSONField()
    """As `engine.BlockResult.to_json` writes it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "index"], name="checkpoint_once_per_block")]

    def __str__(self) -> str:
        return f"block {self.index} of {self.job}"


class Transcript(models.Model):
    """What was said, in one version."""

    class Kind(models.TextChoices):
        ORIGINAL = "original"
        EDITED = "edited"
        REDACTED = "redacted"
        TRANSLATED = "translated"

    job = models.ForeignKey(Transcription, models.CASCADE, related_name="transcripts")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.ORIGINAL)
    revision = models.PositiveIntegerField(default=1)
    language = models.CharField(max_length=16, blank=True)
    """The language of most of the speech; empty when nobody speaks."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "kind", "language", "revision"], name="transcript_revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} transcript {self.revision} of {self.job}"


class Segment(models.Model):
    """A stretch of speech with its words."""

    transcript = models.ForeignKey(Transcript, models.CASCADE, related_name="segments")
    index = models.PositiveIntegerField()
    start = models.FloatField()
    end = models.FloatField()
    """Seconds from the beginning of the recording."""
    text = models.TextField()
    language = models.CharField(max_length=16, blank=True)
    speaker = models.CharField(max_length=64, blank=True)
    words = models.JSONField(default=list)
    """Rows of `{"start", "end", "text", "confidence", "speaker"}`."""
    tokens = models.JSONField(default=list)
    avg_logprob = models.FloatField(default=0)
    temperature = models.FloatField(default=0)
    compression_ratio = models.FloatField(default=0)
    no_speech_prob = models.FloatField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["transcript", "index"], name="segment_order")]
        indexes = [models.Index(fields=["transcript", "end"], name="segment_window")]

    def __str__(self) -> str:
        return f"{self.start:.2f}-{self.end:.2f} {self.text[:40]}"
