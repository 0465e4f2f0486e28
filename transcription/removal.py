"""Remove recordings: jobs that still run on them are cancelled first, so that nothing stays held."""

import contextlib

from django.db import transaction

from media import collections
from media import services as media_services
from media.models import Collection, Media
from transcription import services
from transcription.errors import AlreadyOver
from transcription.models import Transcription


@transaction.atomic
def delete_media(media: Media) -> None:
    """Delete a recording with its jobs and transcripts. What was charged stays charged."""
    for job in media.transcriptions.filter(state__in=Transcription.OPEN).select_related("org", "media"):
        with contextlib.suppress(AlreadyOver):
            services.cancel(job)
    media_services.delete_media(media)


@transaction.atomic
def delete_collection(collection: Collection) -> None:
    """Delete a collection with everything in it. Raises DefaultCollectionStays, NotFound."""
    collections.refuse_default(collection)
    collections.keep(collection)  # nothing may arrive in it meanwhile
    for media in collection.media.order_by("pk").iterator(chunk_size=100):
        delete_media(media)
    collections.delete_collection(collection)
