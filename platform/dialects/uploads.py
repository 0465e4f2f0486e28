"""Files in the bodies of requests: written to disk as they arrive, and never beyond the limit."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser
from rest_framework.request import Request

from core.errors import Invalid
from dialects.faults import BrokenOff
from media.errors import FileTooLarge

_PIECE = 64 * 1024
_FRAMING = 1024 * 1024
"""How much of a body may be something else than the file."""
_NAMELESS = "file"


class FileForm(MultiPartParser):
    """A form with a file in it."""

    def parse(self, stream, media_type=None, parser_context=None) -> DataAndFiles:
        request = parser_context["request"]
        body = _Body(stream, request)
        with _spool() as spool:
            request.upload_handlers = [spool]
            parsed = super().parse(body, media_type, parser_context)
            body.check_end()
        return parsed


class BareFile(BaseParser):
    """A body that is the file, whatever its Content-Type says."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None) -> dict[str, UploadedFile]:
        body = _Body(stream, parser_context["request"])
        size = 0
        with _spool() as spool:
            spool.new_file("file", "", "", None)
            for piece in iter(partial(body.read, _PIECE), b""):
                spool.receive_data_chunk(piece, size)
                size += len(piece)
            body.check_end()
        return {"file": spool.file_complete(size)}


def file_in(request: Request) -> UploadedFile:
    """Return the file that `request` brings as its body or in the part `file`, for the caller to close.

    Raises Invalid when there is none.
    """
    file = request.data.get("file")
    if not isinstance(file, UploadedFile):
        raise Invalid("There is no file in this request. Send it as the part `file`.", fields={"file": ["Required."]})
    return file


def label_of(file: UploadedFile) -> str:
    """Return what the customer calls `file`, or an empty text."""
    return "" if file.name == _NAMELESS else file.name or ""


class _Body:
    """A request's body that is refused when it is announced too large, and noticed when it breaks off."""

    def __init__(self, stream, request: Request) -> None:
        self._stream = stream
        self._missing = int(request.META.get("CONTENT_LENGTH") or 0)
        if self._missing > settings.MEDIA_MAX_BYTES + _FRAMING:
            raise FileTooLarge(limit_bytes=settings.MEDIA_MAX_BYTES)

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self._missing -= len(piece)
        return piece

    def check_end(self) -> None:
        """Raise BrokenOff when less has arrived than was announced."""
        if self._missing > 0:
            raise BrokenOff


class _ToDisk(FileUploadHandler):
    """Writes each file to the folder for uploads, and counts."""

    file: TemporaryUploadedFile | None = None

    def new_file(self, *args, **kwargs) -> None:
        super().new_file(*args, **kwargs)
        # The customer's name is a label. As part of a path it could be too long.
        self.file = TemporaryUploadedFile(_NAMELESS, self.content_type, 0, self.charset)
        self.file.name = self.file_name or _NAMELESS

    def upload_interrupted(self) -> None:
        if self.file is not None:
            self.file.close()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > settings.MEDIA_MAX_BYTES:
            raise FileTooLarge(limit_bytes=settings.MEDIA_MAX_BYTES)
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        self.file.size = file_size
        return self.file


@contextmanager
def _spool() -> Iterator[_ToDisk]:
    spool = _ToDisk()
    try:
        yield spool
    except BaseException:
        # Half a film must not wait on the disk until the garbage collector comes by.
        spool.upload_interrupted()
        raise
