"""The bell: a message that tells a cluster to look for work.

It is written by django-q2's ORM broker into our own database, so it commits or rolls back with the job and
the hold around it. It carries one id at most, it may come twice or late, and nothing depends on it alone:
reconcilers ring again for whatever still waits.
"""

TRANSCRIBE = "transcribe"
"""The cluster for heavy work: whisper.cpp."""

TRANSCRIBE_CUDA = "transcribe-cuda"
"""The same on machines with a CUDA device, for jobs that insist on one."""

FETCH = "fetch"
"""The cluster for what customers' servers send us, as slowly as they like."""

IO = "io"
"""The cluster for light work: deliveries. A webhook never waits behind a film."""


def ring(cluster: str, task: str, *ids: str) -> None:
    """Ask a worker of `cluster` to call the function at the dotted path `task`."""
    from django_q.tasks import async_task  # reads Django's settings when it is imported

    async_task(task, *ids, cluster=cluster)


def unanswered(cluster: str) -> int:
    """Return how many messages wait for `cluster` that none of its workers has taken yet."""
    from django_q.brokers import get_broker

    return get_broker(cluster).queue_size()
