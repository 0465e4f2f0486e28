"""Bodies that come in chunks, without a length: kept aside until it is known."""

from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings

_PIECE = 64 * 1024
_IN_MEMORY = 1024 * 1024
_FRAMING = 2 * 1024 * 1024
"""More than this beside the largest file is read by nobody: the length alone will have it refused."""


class Unchunked:
    """A WSGI application around Django, which reads as many bytes of a body as its length says: none without one."""

    def __init__(self, application: Callable) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        # Only a server that ends the input itself may be read to the end.
        if "CONTENT_LENGTH" not in environ and _is_chunked(environ) and environ.get("wsgi.input_terminated"):
            body = SpooledTemporaryFile(max_size=_IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
            environ["CONTENT_LENGTH"] = str(_keep(environ["wsgi.input"], body))
            environ["wsgi.input"] = body
        return self._application(environ, start_response)


def _is_chunked(environ: dict[str, Any]) -> bool:
    return "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()


def _keep(source, body: SpooledTemporaryFile) -> int:
    size, most = 0, settings.MEDIA_MAX_BYTES + _FRAMING
    while size <= most and (piece := source.read(_PIECE)):
        body.write(piece)
        size += len(piece)
    body.seek(0)
    return size
