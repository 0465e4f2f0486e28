"""Work that one worker at a time may do: a lease with an owner, a fencing number and an end.

The database's clock decides, so that the clocks of several hosts need not agree. Every change is one conditional
UPDATE whose row count says whether the work is still ours.
"""

import os
from datetime import timedelta

from django.db import models
from django.db.models.functions import Now


class Leased(models.Model):
    """Columns of a row that is worked on under a lease."""

    attempt = models.PositiveIntegerField(default=0)
    """Fencing number: grows with each claim, and a result counts only with the number it was claimed under."""
    failures = models.PositiveIntegerField(default=0)
    """Claims that ended badly: by an error, or without a word."""
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    """No claim before this moment: the pause after a failure."""

    class Meta:
        abstract = True


def in_seconds(seconds: float) -> models.Expression:
    """Return the database's time, so many seconds from now."""
    return models.ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=models.DateTimeField())


def may_start() -> models.Q:
    """Return the condition that a row's pause is over."""
    return models.Q(not_before=None) | models.Q(not_before__lte=Now())


def this_worker() -> str:
    """Return the name under which this process claims work: host and process id."""
    return f"{os.uname().nodename}:{os.getpid()}"
