"""Files on their way out, and uploads on their way in."""

import logging
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage, storages
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from core.errors import NotFound
from dialects.base import Endpoint, answer
from dialects.owners import owner
from dialects.uploads import BareFile, FileForm, file_in, label_of
from files import naming
from files.ranges import Span, Unsatisfiable, wanted
from media import own_links, services
from media.models import Media
from orgs.errors import OrganizationSuspended
from orgs.models import Organization

logger = logging.getLogger(__name__)

_PIECE = 256 * 1024
_FRESH = "max-age=3600"


class FileGone(NotFound):
    """The file of this recording cannot be found."""


class Open(Endpoint):
    """An address that needs no key; its errors are told in the words of whoever owns the path."""

    is_open = True
    dialect = owner("/files/")


class Upload(Open):
    """Takes the file as the part `file` of a form, or as the whole body."""

    parser_classes = (FileForm, BareFile)

    def post(self, request: Request, token: str, name: str = "") -> HttpResponse:
        upload = own_links.opened_upload(token)
        _refuse_suspended(upload.org)
        with file_in(request) as file:
            filled = services.fill_upload(upload, file=file.file, file_name=label_of(file) or name)
        return answer({"success": True, "id": filled.public_id, "bytes": filled.blob.bytes})

    put = post


class File(Open):
    """Hands out the bytes of a recording, whole or in part."""

    def get(self, request: Request, token: str, name: str = "") -> HttpResponse:
        media = own_links.opened_file(token)
        _refuse_suspended(media.org)
        etag = f'"{media.blob.sha256}"'
        response = HttpResponse(status=304) if _is_known(request, etag) else _content(request, media, etag)
        response["ETag"] = etag
        # A redirection opens for minutes only: who keeps it would soon stand before a closed door.
        response["Cache-Control"] = "private, " + ("no-store" if response.status_code == 302 else _FRESH)
        return response

    def head(self, request: Request, token: str, name: str = "") -> HttpResponse:
        return self.get(request, token, name)

    def handle_exception(self, exc: Exception) -> HttpResponse:
        response = super().handle_exception(exc)
        if isinstance(exc, Unsatisfiable):
            response.status_code = 416
            response["Content-Range"] = f"bytes */{exc.details['size']}"
        return response


def _refuse_suspended(org: Organization) -> None:
    if org.state == Organization.State.SUSPENDED:
        raise OrganizationSuspended


def _is_known(request: Request, etag: str) -> bool:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return known == ["*"] or etag in {tag.removeprefix("W/") for tag in known}


def _content(request: Request, media: Media, etag: str) -> HttpResponse:
    headers = {
        "Content-Type": naming.content_type(media),
        "Content-Disposition": naming.content_disposition(media),
        "X-Content-Type-Options": "nosniff",
    }
    if settings.X_ACCEL_PREFIX:
        headers["X-Accel-Redirect"] = f"{settings.X_ACCEL_PREFIX.rstrip('/')}/{quote(media.blob.name)}"
        return HttpResponse(headers=headers)
    if not _is_on_this_disk(media.blob.name):
        return HttpResponseRedirect(_signed_url(media, headers, method=request.method))
    return _stream(request, media, etag, headers)


def _is_on_this_disk(name: str) -> bool:
    try:
        return bool(default_storage.path(name))
    except NotImplementedError:
        return False


def _signed_url(media: Media, headers: dict[str, str], *, method: str) -> str:
    forced = {
        "ResponseContentType": headers["Content-Type"],
        "ResponseContentDisposition": headers["Content-Disposition"],
    }
    return storages["links"].url(media.blob.name, parameters=forced, http_method=method)


def _stream(request: Request, media: Media, etag: str, headers: dict[str, str]) -> HttpResponse:
    size = media.blob.bytes
    span = None
    if request.method == "GET":  # the only method for which RFC 9110 knows ranges
        span = wanted(request.headers.get("Range"), size=size, etag=etag, if_range=request.headers.get("If-Range"))
    headers |= {"Accept-Ranges": "bytes", "Content-Length": str(span.length if span else size)}
    if span:
        headers["Content-Range"] = span.content_range
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    pieces = _Pieces(_opened(media), span or Span(0, size - 1, size))
    return StreamingHttpResponse(pieces, headers=headers, status=206 if span else 200)


def _opened(media: Media) -> BinaryIO:
    try:
        return default_storage.open(media.blob.name)
    except FileNotFoundError:
        logger.error("The file of %s is not in the storage.", media.public_id)
        raise FileGone from None


class _Pieces:
    """The bytes of a span, read piece by piece, and a file that is closed whether or not all are read."""

    def __init__(self, file: BinaryIO, span: Span) -> None:
        self._file, self._span = file, span

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._span.first)
        left = self._span.length
        while left and (piece := self._file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece

    def close(self) -> None:
        self._file.close()
