"""VideoDB's addresses."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from core.errors import NotFound
from dialects import auth, base, sources, waiting
from dialects.base import answer, base_url
from dialects.uploads import FileForm
from dialects.videodb import inputs, outputs
from dialects.videodb.errors import VIDEODB
from media import collections, own_links, services
from media.models import Collection, Fetch, Media
from orgs.models import Event, Organization
from orgs.roles import Scope
from transcription import queries, removal
from transcription import services as transcription
from transcription.models import Transcript, Transcription
from transcription.options import JobOptions


class Endpoint(base.Endpoint):
    dialect = VIDEODB


class Collections(Endpoint):
    def get(self, request: Request) -> HttpResponse:
        collections.default_collection(request.org)
        shelves = Collection.of(request.org).order_by("-is_default", "pk")
        return answer(outputs.collections(shelves))

    def post(self, request: Request) -> HttpResponse:
        given = inputs.NewCollection.read(request.data)
        made = collections.create_collection(request.org, **given)
        return answer(outputs.success(outputs.collection(made)))


class OneCollection(Endpoint):
    def get(self, request: Request, collection_id: str) -> HttpResponse:
        found = collections.find_collection(request.org, collection_id)
        return answer(outputs.success(outputs.collection(found)))

    def patch(self, request: Request, collection_id: str) -> HttpResponse:
        found = collections.find_collection(request.org, collection_id)
        given = inputs.CollectionChanges.read(request.data)
        changed = collections.change_collection(found, **given)
        return answer(outputs.success(outputs.collection(changed)))

    def delete(self, request: Request, collection_id: str) -> HttpResponse:
        found = collections.find_collection(request.org, collection_id)
        removal.delete_collection(found)
        return answer(outputs.success({}))


class UploadPlace(Endpoint):
    """A GET that makes something, so it takes the scope for that and knows no HEAD."""

    http_method_names = ("get", "options")
    scopes = {"GET": Scope.TRANSCRIBE}

    def get(self, request: Request, collection_id: str) -> HttpResponse:
        collections.find_collection(request.org, collection_id)
        given = inputs.UploadPlace.read(request.query_params)
        upload = services.open_upload(request.org, name=given["name"])
        return answer(outputs.success({"upload_url": base_url(request) + own_links.upload_path(upload)}))


class Upload(Endpoint):
    parser_classes = (base.Json, FileForm)

    def post(self, request: Request, collection_id: str) -> HttpResponse:
        collection = collections.find_collection(request.org, collection_id)
        given = inputs.Upload.read(request.data)
        label = services.Label(
            given["name"], given["description"], kind=given["media_type"], created_by=request.key.public_id
        )
        arrived = sources.bring_in(collection, source=given["source"], label=label, callback=_callback(request, given))
        if isinstance(arrived, Fetch):
            return answer(outputs.deferred(arrived.public_id, _output_url(request, arrived.public_id)))
        return answer(outputs.success(outputs.media(arrived, base_url=base_url(request))))


class MediaList(Endpoint):
    def get(self, request: Request, kind: str) -> HttpResponse:
        given = inputs.Listing.read(request.query_params)
        found = Media.of(request.org).filter(kind=kind).select_related("collection").order_by("-pk")
        if given["collection_id"]:
            found = found.filter(collection=collections.find_collection(request.org, given["collection_id"]))
        if given["count"]:
            found = found[given["page_index"] * given["count"] :][: given["count"]]
        shown = [outputs.media(medium, base_url=base_url(request)) for medium in found]
        return answer(outputs.success({f"{kind}s": shown}))


class OneMedium(Endpoint):
    def get(self, request: Request, kind: str, media_id: str) -> HttpResponse:
        found = _medium(request.org, kind, media_id)
        return answer(outputs.success(outputs.media(found, base_url=base_url(request))))

    def patch(self, request: Request, kind: str, media_id: str) -> HttpResponse:
        found = _medium(request.org, kind, media_id)
        given = inputs.MediaChanges.read(request.data)
        renamed = services.rename_media(found, name=given["name"] or found.name)
        return answer(outputs.success(outputs.media(renamed, base_url=base_url(request))))

    def delete(self, request: Request, kind: str, media_id: str) -> HttpResponse:
        removal.delete_media(_medium(request.org, kind, media_id))
        return answer(outputs.success())


class Storage(Endpoint):
    def delete(self, request: Request, kind: str, media_id: str) -> HttpResponse:
        services.remove_file(_medium(request.org, kind, media_id))
        return answer(outputs.success())


class FileUrl(Endpoint):
    scopes = {"POST": Scope.READ}

    def post(self, request: Request, kind: str, media_id: str) -> HttpResponse:
        found = _medium(request.org, kind, media_id)
        if found.blob_id is None:
            raise NotFound("The file of this recording has been removed.")
        return answer(outputs.success({"signed_url": outputs.file_url(found, base_url=base_url(request))}))


class Transcripts(Endpoint):
    """A GET makes the transcript where there is none, so there is no HEAD."""

    http_method_names = ("get", "post", "options")

    def get(self, request: Request, kind: str, media_id: str) -> HttpResponse:
        medium = _medium(request.org, kind, media_id)
        window = inputs.Window.read(request.query_params)
        transcript = queries.latest_transcript(medium)
        if transcript:
            return answer(outputs.completed(_read(transcript, window)))
        job = self._job(request, medium, inputs.Wish.read({}))
        # Whoever follows the link wants the same part, cut the same way.
        asked = {name: value for name, value in request.query_params.items() if name in window}
        return answer(outputs.deferred(job.public_id, _output_url(request, job.public_id, asked)))

    def post(self, request: Request, kind: str, media_id: str) -> HttpResponse:
        medium = _medium(request.org, kind, media_id)
        given = inputs.Wish.read(request.data)
        job = self._job(request, medium, given)
        if job.state == Transcription.State.COMPLETED:
            return answer(outputs.already_exists())
        return answer(outputs.deferred(job.public_id, _output_url(request, job.public_id)))

    def _job(self, request: Request, medium: Media, wish: dict[str, Any]) -> Transcription:
        # Who names no language is content with what is there, or soon will be, in any.
        anything_will_do = not wish["force"] and not wish["language_code"]
        if anything_will_do and (job := queries.latest_job(medium)):
            return job
        auth.require(request.key, Scope.TRANSCRIBE)
        return transcription.request(
            request.org,
            media=medium,
            options=JobOptions(language=wish["language_code"]),
            requested_by=request.key,
            dialect=VIDEODB.name,
            callback=_callback(request, wish),
            shared=not wish["force"],
        )


class AsyncResponse(Endpoint):
    def get(self, request: Request, work_id: str) -> HttpResponse:
        window = inputs.Window.read(request.query_params)
        work = waiting.until_over(partial(_work, request.org, work_id))
        return answer(_outcome(work, window, base_url=base_url(request)))


def callback(event: Event, data: dict[str, Any]) -> dict[str, Any]:
    """Return what is posted to the `callback_url` of a request: the envelope of AsyncResponse, and `callback_data`."""
    if event.type == "media.added":
        medium = Media.of(event.org).select_related("collection").named(event.payload["media"])
        told = outputs.done(outputs.media(medium, base_url=data["base_url"]))
    elif event.type == "media.failed":
        told = outputs.failed(event.payload["error"]["message"])
    else:
        work = _work(event.org, event.subject)
        told = _outcome(work, inputs.Window.read({}), base_url=data["base_url"])
    return {**told, "callback_data": data["callback_data"]}


def _callback(request: HttpRequest, given: dict[str, Any]) -> dict[str, Any] | None:
    if not given["callback_url"]:
        return None
    # Nobody asks when it is sent, so the host for its links is the one that was asked now.
    data = {"base_url": base_url(request), "callback_data": given["callback_data"]}
    return {"dialect": VIDEODB.name, "url": given["callback_url"], "data": data}


def _output_url(request: HttpRequest, work_id: str, window: dict[str, str] | None = None) -> str:
    query = f"?{urlencode(window)}" if window else ""
    return f"{base_url(request)}/async-response/{work_id}{query}"


def _medium(org: Organization, kind: str, media_id: str) -> Media:
    return Media.of(org).filter(kind=kind).select_related("org", "blob", "collection").named(media_id)


def _work(org: Organization, work_id: str) -> Transcription | Fetch:
    if work_id.startswith("trans_"):
        return queries.find_job(org, work_id)
    return Fetch.of(org).select_related("media__collection").named(work_id)


def _outcome(work: Transcription | Fetch, window: dict[str, Any], *, base_url: str) -> dict[str, Any]:
    match work, work.state:
        case _, "failed":
            return outputs.failed(work.error_message)
        case _, "cancelled":
            return outputs.failed("This job was cancelled.")
        case Transcription(), "completed":
            return outputs.generated(_read(queries.transcript_of(work), window))
        case Fetch(media=Media()), "completed":
            return outputs.done(outputs.media(work.media, base_url=base_url))
        case Fetch(), "completed":
            return outputs.failed("This recording has been deleted.")
    return outputs.processing(work.percentage if isinstance(work, Fetch) else work.progress)


def _read(transcript: Transcript, window: dict[str, Any]) -> outputs.Reading:
    """Read the part of `transcript` that `window` asks for."""
    span = {"start": window["start"]} | ({"end": window["end"]} if window["end"] is not None else {})
    cut = {
        "word": queries.words,
        "sentence": queries.sentences,
        "time": partial(queries.windows, length=window["length"]),
    }[window["segmenter"]]
    return outputs.Reading(
        rows=list(cut(transcript, **span)), text=queries.text(transcript, **span), language=transcript.language
    )
