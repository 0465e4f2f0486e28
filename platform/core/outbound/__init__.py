"""The one HTTP client for every URL that somebody gave us: media, callbacks, webhooks, and models to install.

Nothing else opens a connection to such a URL. A name is looked up once, every address it has must be public, and the
connection goes to an address that was checked; whatever the server does, time and size are bounded.
"""

from core.outbound.client import Download, Reply, check_url, download, post
from core.outbound.errors import (
    BadUrl,
    ForbiddenAddress,
    OutboundError,
    RefusedStatus,
    Stopped,
    TooManyBytes,
    TooSlow,
    Unreachable,
    UnreadableAnswer,
)

__all__ = [
    "BadUrl",
    "Download",
    "ForbiddenAddress",
    "OutboundError",
    "RefusedStatus",
    "Reply",
    "Stopped",
    "TooManyBytes",
    "TooSlow",
    "UnreadableAnswer",
    "Unreachable",
    "check_url",
    "download",
    "post",
]
