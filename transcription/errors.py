"""What can go wrong with jobs and transcripts."""

from core.errors import Conflict, PolyscribeError, Unavailable


class MediaFileRemoved(Conflict):
    """The file of this recording has been removed, so it cannot be transcribed again."""

    code = "media_file_removed"


class AlreadyOver(Conflict):
    """This job is already over."""

    code = "job_already_over"


class NotReady(Conflict):
    """This transcript is not ready yet."""

    code = "transcript_not_ready"


class Abandoned(Unavailable):
    """This job failed several times and was given up. Nothing was charged."""

    code = "job_abandoned"


class DeadlinePassed(Unavailable):
    """This job did not finish in time and was given up. Nothing was charged."""

    code = "job_deadline_passed"


class LostLease(PolyscribeError):
    """This job is no longer ours: it was cancelled, or another worker has taken it over."""
