"""How django-q2 runs: it rings the bell, it does not own the work.

The database row of a job is the truth (`transcription.services`, `media.fetching`, `orgs.delivery`). What
these values guard against was tried out: a message lock that expires while a job runs starts it twice, and a
guard cycle that does not divide the time-out never fires.
"""

from config import env
from core.bell import FETCH, IO, TRANSCRIBE, TRANSCRIBE_CUDA

TIMEOUT_SECONDS = 86_400  # our own deadlines are far shorter
RETRY_SECONDS = 90_000  # must exceed the time-out: a message is offered again after this long

CLUSTERS = env.listing("CLUSTERS", default=[TRANSCRIBE, FETCH, IO])
"""The clusters that `manage.py cluster` starts on this machine."""

WORKERS = {
    TRANSCRIBE: env.whole("TRANSCRIBE_WORKERS", default=1),
    TRANSCRIBE_CUDA: env.whole("TRANSCRIBE_CUDA_WORKERS", default=1),
    FETCH: env.whole("FETCH_WORKERS", default=2),
    IO: env.whole("IO_WORKERS", default=2),
}

Q_CLUSTER = {
    "name": TRANSCRIBE,
    "orm": "default",
    "workers": WORKERS[TRANSCRIBE],
    "queue_limit": 1,
    "bulk": 1,
    "poll": env.number("QUEUE_POLL_SECONDS", default=0.2),
    "timeout": TIMEOUT_SECONDS,
    "retry": RETRY_SECONDS,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "guard_cycle": 0.5,
    "scheduler": False,
    "recycle": 200,
    "ALT_CLUSTERS": {
        TRANSCRIBE_CUDA: {"workers": WORKERS[TRANSCRIBE_CUDA]},
        FETCH: {"workers": WORKERS[FETCH], "recycle": 500},
        IO: {"workers": WORKERS[IO], "recycle": 500},
    },
}
