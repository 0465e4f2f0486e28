"""Where media come from when a request brings them: a file in its body, a link of ours, or somebody else's URL."""

from functools import partial

from django.core.files.uploadedfile import UploadedFile

from media import fetching, own_links, services
from media.models import Collection, Fetch, Media
from orgs import outbox


def bring_in(
    collection: Collection, *, source: str | UploadedFile, label: services.Label, callback: dict | None = None
) -> Media | Fetch:
    """Return the medium at once for what is here already, and a Fetch for what must come from elsewhere.

    The news goes to `callback` either way. Raises what `media.services.add_file` and `media.fetching.request_fetch`
    raise, and NotFound for a link of ours through which nothing was sent yet.
    """
    news = partial(_tell, callback=callback)
    if isinstance(source, UploadedFile):
        return services.add_file(collection, file=source.file, label=label, also=news)
    if blob := own_links.blob_behind(collection.org, source):
        return services.add_blob(collection, blob=blob, label=label, also=news)
    return fetching.request_fetch(collection, url=source, label=label, callback=callback)


def _tell(media: Media, *, callback: dict | None) -> None:
    outbox.publish(
        media.org,
        type="media.added",
        subject=media.public_id,
        payload={"media": media.public_id},
        callback=callback,
    )
