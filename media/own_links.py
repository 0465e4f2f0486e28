"""Recognise links to this installation, so that what is here is read and not fetched.

The token in such a link is itself the credential: it is signed, expires, and names what it opens. So its host does not
matter, and a link of another organization opens nothing here.
"""

import re
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils import timezone

from core.errors import NotFound
from core.signing import BROKEN_LINK, is_sealed, seal, unseal
from media.models import Blob, Media, Upload
from media.storage import FileRemoved
from orgs.models import Organization

_PURPOSES = {"upload": "upload", "files": "file"}
_PATH = re.compile(r"/(?P<place>upload|files)/(?P<token>[A-Za-z0-9_:.-]+)(?:/[^/]*)?")


def upload_path(upload: Upload) -> str:
    """Return the path of the link through which `upload` is filled."""
    left = upload.expires_at - timezone.now()
    return f"/upload/{seal('upload', {'id': upload.public_id}, lifetime_seconds=round(left.total_seconds()))}"


def file_path(media: Media, *, lifetime_seconds: int | None = None) -> str:
    """Return the path of a link through which the file of `media` is read for a while."""
    lifetime = settings.FILE_LINK_LIFETIME_SECONDS if lifetime_seconds is None else lifetime_seconds
    return f"/files/{seal('file', {'id': media.public_id}, lifetime_seconds=lifetime)}"


def opened_upload(token: str) -> Upload:
    """Return the upload that a link's token opens. Raises NotFound."""
    waiting = Upload.objects.select_related("org", "blob").filter(expires_at__gt=timezone.now())
    return waiting.named(unseal("upload", token)["id"])


def opened_file(token: str) -> Media:
    """Return the medium whose file a link's token opens. Raises NotFound, also when the file is gone."""
    media = _medium(token)
    if media.blob is None:
        raise FileRemoved
    return media


def blob_behind(org: Organization, url: str) -> Blob | None:
    """Return what `url` opens when it is a link of ours, else None: it must be fetched.

    Raises NotFound for a link of ours that has expired, belongs to somebody else, or has no file behind it.
    """
    try:
        link = _PATH.fullmatch(unquote(urlsplit(url).path))
    except ValueError:  # no URL at all
        return None
    if link is None or not is_sealed(_PURPOSES[link["place"]], link["token"]):
        return None
    opened = opened_upload(link["token"]) if link["place"] == "upload" else _medium(link["token"])
    if opened.org_id != org.pk:
        raise NotFound(BROKEN_LINK)
    if opened.blob is None and isinstance(opened, Upload):
        raise NotFound("No file has been sent to this upload link yet.")
    if opened.blob is None:
        raise FileRemoved
    return opened.blob


def _medium(token: str) -> Media:
    return Media.objects.select_related("org", "blob").named(unseal("file", token)["id"])
