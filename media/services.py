"""Media: brought in from an upload or a path, renamed, let go."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone

from core.errors import NotFound, Unsupported
from core.ids import new_id
from media import collections, sandbox, storage
from media.models import Blob, Collection, Media, Upload
from media.sandbox import Probe
from media.texts import storable
from orgs.models import Organization

_NAME_CHARS = Media._meta.get_field("name").max_length

Also = Callable[[Media], None]
"""What else is written in the transaction that makes a medium true, such as the news of it."""


def _nothing_else(media: Media) -> None:
    """Write the medium alone."""


@dataclass(frozen=True)
class Label:
    """What people say about a file that they bring in. Raises Unsupported for a kind that no file can be."""

    name: str = ""
    description: str = ""
    kind: str = ""
    """`audio` or `video` overrides what is found inside: a video of an audio file is a legitimate wish."""
    created_by: str = ""
    """Public id of the key or user."""

    def __post_init__(self) -> None:
        if self.kind not in ("", Media.Kind.AUDIO, Media.Kind.VIDEO):
            raise Unsupported("Only audio and video can be brought in here.")


def open_upload(org: Organization, *, name: str = "") -> Upload:
    """Open a place for one file. Whoever has the link to it may fill it, until it expires."""
    expires_at = timezone.now() + timedelta(seconds=settings.UPLOAD_LIFETIME_SECONDS)
    return Upload.objects.create(org=org, name=storable(name, max_chars=_NAME_CHARS), expires_at=expires_at)


def fill_upload(upload: Upload, *, file: BinaryIO, file_name: str = "") -> Upload:
    """Keep `file` as the content of `upload`; a second file replaces the first.

    Raises EmptyFile, FileTooLarge, StorageUnavailable, and NotFound when the upload has expired meanwhile.
    """
    name = upload.name or storable(file_name, max_chars=_NAME_CHARS)

    def fill(blob: Blob) -> Upload:
        if not Upload.objects.filter(pk=upload.pk, expires_at__gt=timezone.now()).update(blob=blob, name=name):
            raise NotFound("This link is not valid or has expired.")
        upload.blob, upload.name = blob, name
        return upload

    return storage.store(upload.org, file, fill)


def add_file(collection: Collection, *, file: BinaryIO, label: Label, also: Also = _nothing_else) -> Media:
    """Bring `file` in as media: look into it in the sandbox, then keep it. Not to be called inside a transaction.

    Raises what `media.errors` names for files that are empty, too large or no media, StorageUnavailable, and NotFound
    when the collection is gone.
    """
    storage.check_size(file)
    found = look_into(file)
    return storage.store(collection.org, file, lambda blob: _create(collection, blob, found, label, also))


def add_blob(collection: Collection, *, blob: Blob, label: Label, also: Also = _nothing_else) -> Media:
    """Bring in as media what the organization already keeps: a filled upload, or another medium's file.

    Raises what `add_file` raises, and NotFound for another organization's blob or one that is gone.
    """
    if blob.org_id != collection.org_id:
        raise NotFound
    with storage.reading(blob) as file:
        found = look_into(file)
    return storage.share(blob, lambda kept: _create(collection, kept, found, label, also))


def look_into(file: BinaryIO) -> Probe:
    """Return what is inside `file`, read in the sandbox; what it is called is not asked."""
    with ExitStack() as stack:
        try:
            descriptor = file.fileno()
        except OSError:  # it lies in memory, as small uploads do
            copy = stack.enter_context(TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR))
            file.seek(0)
            shutil.copyfileobj(file, copy)
            file, descriptor = copy, copy.fileno()
        file.flush()
        # The open file itself: a name could lead elsewhere, and a temporary file need not have one.
        return sandbox.probe(Path(f"/dev/fd/{descriptor}"), timeout_seconds=settings.MEDIA_PROBE_TIMEOUT_SECONDS)


def rename_media(media: Media, *, name: str) -> Media:
    """Give a medium another name. Raises NotFound when it is gone."""
    media.name = _named(name)
    if not Media.objects.filter(pk=media.pk).update(name=media.name):
        raise NotFound
    return media


def note_seconds(media: Media, *, seconds: float) -> None:
    """Put the decoded duration in the place of what the header said."""
    Media.objects.filter(pk=media.pk).update(seconds=seconds)


def remove_file(media: Media) -> None:
    """Remove the recording and keep the row, with all text made from it. The next sweep deletes the bytes."""
    Media.objects.filter(pk=media.pk).update(blob=None)
    media.blob = None


def delete_media(media: Media) -> None:
    """Remove a medium and all that was made from it. Jobs on it are cancelled first, by `transcription.removal`."""
    media.delete()


def _named(name: str) -> str:
    return storable(name, max_chars=_NAME_CHARS) or "Untitled"


def _create(collection: Collection, blob: Blob, found: Probe, label: Label, also: Also) -> Media:
    collections.keep(collection)
    kind = Media.Kind(label.kind or found.kind)
    audio, video = found.audio, found.video
    media = Media.objects.create(
        public_id=new_id(kind),
        org=collection.org,
        collection=collection,
        kind=kind,
        name=_named(label.name),
        description=storable(label.description),
        blob=blob,
        bytes=blob.bytes,
        seconds=found.seconds,
        container=found.container,
        audio_codec=audio.codec if audio else "",
        video_codec=video.codec if video else "",
        width=video.width if video else None,
        height=video.height if video else None,
        frames_per_second=video.fps if video else None,
        created_by=label.created_by,
    )
    also(media)
    return media
