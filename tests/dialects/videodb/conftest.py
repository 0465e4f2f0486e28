"""What each tenant has: media, a transcript, work under way. Every name of globex's carries its canary."""

from dataclasses import dataclass
from io import BytesIO

import pytest

from core.ids import new_id
from media import collections, fetching, services, storage
from media.models import Blob, Collection, Fetch, Media
from orgs.models import Organization
from tests import jobs
from transcription import services as transcription
from transcription.engine.base import Block
from transcription.models import Transcription
from transcription.options import JobOptions

CANARY = "canary-of-globex"
UNKNOWN = {"collection_id": "c-" + "0" * 32, "media_id": "m-" + "0" * 32, "work_id": "trans_" + "0" * 32}
"""An id that nobody has, for each parameter of a route."""


@dataclass(frozen=True)
class Belongings:
    """One organization's things."""

    collection: Collection
    video: Media
    audio: Media
    image: Media
    job: Transcription
    fetch: Fetch

    def ids(self, kind: str = "video") -> dict[str, str]:
        """Return an id for each parameter that a route may have."""
        return {
            "collection_id": self.collection.public_id,
            "media_id": getattr(self, kind, self.video).public_id,
            "work_id": self.job.public_id,
        }


@pytest.fixture
def video(acme) -> Media:
    """Twenty seconds of speech with a picture."""
    return jobs.media(acme, "video.mp4", name="talk")


@pytest.fixture
def audio(acme) -> Media:
    return jobs.media(acme, "short.wav", name="memo")


@pytest.fixture
def heard_video(acme, video) -> Media:
    """The same, with a transcript of three sentences, ten seconds apart."""
    job = transcription.request(acme, media=video, options=JobOptions(), shared=True)
    complete(job, "Hello there. How are you?", "All is well.")
    return video


@pytest.fixture
def mine(acme) -> Belongings:
    return belongings(acme, "acme")


@pytest.fixture
def theirs(globex) -> Belongings:
    return belongings(globex, CANARY)


def belongings(org: Organization, name: str) -> Belongings:
    shelf = collections.create_collection(org, name=name, description=f"{name} description")
    collections.default_collection(org)
    video, audio, image = (unread_media(shelf, kind, name=f"{name} {kind}") for kind in Media.Kind.values)
    job = jobs.finished_job(org, media=video, texts=(f"This is {name} speaking.",))
    transcription.request(org, media=audio, options=JobOptions())
    label = services.Label(name=f"{name} fetch")
    fetch = fetching.request_fetch(shelf, url=f"http://127.0.0.1/{name}", label=label)
    return Belongings(collection=shelf, video=video, audio=audio, image=image, job=job, fetch=fetch)


def complete(job: Transcription, *texts: str) -> None:
    """Do what a worker does with a queued job whose blocks say `texts`, ten seconds apart."""
    claimed = transcription.claimed(job.pk, worker="test:1")
    blocks = [Block(n, n * 10.0, n * 10.0 + 8, 0.9) for n in range(len(texts))]
    transcription.plan(claimed, seconds=20.5, blocks=blocks)
    for block, text in zip(blocks, texts, strict=True):
        result = jobs.heard(block.index, text, start=block.start_seconds)
        transcription.checkpoint(claimed, index=block.index, result=result, progress=50)
    transcription.finish(claimed, seconds=20.5, device="cpu")


def unread_media(shelf: Collection, kind: str, *, name: str, audio_codec: str = "aac") -> Media:
    """A medium that nobody looked into: quick, where what is inside does not matter."""

    def create(blob: Blob) -> Media:
        return Media.objects.create(
            public_id=new_id(kind),
            org=shelf.org,
            collection=shelf,
            kind=kind,
            name=name,
            blob=blob,
            bytes=blob.bytes,
            seconds=20.5,
            container="mp4",
            audio_codec=audio_codec,
        )

    return storage.store(shelf.org, BytesIO(name.encode()), create)
