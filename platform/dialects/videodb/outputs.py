"""What VideoDB's clients are told when all is well."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from media import own_links
from media.models import Collection, Media
from transcription.sentences import Row

EXISTS = "transcription already exists"
GENERATED = "Transcript generated successfully"


@dataclass(frozen=True)
class Reading:
    """A part of a transcript, read from the database."""

    rows: Sequence[Row]
    text: str
    language: str


def success(data: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"success": True} if data is None else {"success": True, "data": data}


def deferred(work_id: str, output_url: str) -> dict[str, Any]:
    # Never "async" in request_type: the Python client would return None, and its callers fall over it.
    return {
        "success": True,
        "status": "processing",
        "request_type": "sync",
        "data": {"id": work_id, "output_url": output_url},
    }


def processing(percentage: float) -> dict[str, Any]:
    return {"success": True, "status": "processing", "data": {"percentage": round(percentage)}}


def done(data: dict[str, Any]) -> dict[str, Any]:
    # The clients unwrap `response`, the vendor's page shows `data`.
    return {"success": True, "status": "done", "response": success(data), "data": data}


def failed(message: str) -> dict[str, Any]:
    refusal = {"success": False, "message": message}
    return {**refusal, "status": "failed", "response": refusal}


def already_exists() -> dict[str, Any]:
    # Without `data` the clients fall over an answer that the vendor's page shows without.
    told = {"success": True, "message": EXISTS}
    return {**told, "data": told}


def collection(shelf: Collection) -> dict[str, Any]:
    return {
        "id": shelf.public_id,
        "name": shelf.name,
        "description": shelf.description,
        "is_public": shelf.is_public,
    }


def collections(shelves: Sequence[Collection]) -> dict[str, Any]:
    return success({"collections": [collection(shelf) for shelf in shelves]})


def media(medium: Media, *, base_url: str) -> dict[str, Any]:
    told = {
        "id": medium.public_id,
        "collection_id": medium.collection.public_id,
        "name": medium.name,
        "description": medium.description or None,
        "size": str(medium.bytes),
        "user_id": medium.created_by or None,
        "stream_url": file_url(medium, base_url=base_url) if medium.blob_id else None,
        "player_url": None,
        "thumbnail_url": None,
        "created_at": medium.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    # The Python client reads a length of null as a number, and fails.
    return told if medium.seconds is None else {**told, "length": str(round(medium.seconds, 3))}


def file_url(medium: Media, *, base_url: str) -> str:
    return base_url + own_links.file_path(medium)


def transcript(reading: Reading) -> dict[str, Any]:
    # The clients read `word_timestamps`, the vendor's page shows `transcript`.
    rows = [_row(row) for row in reading.rows]
    return {
        "word_timestamps": rows,
        "transcript": rows,
        "text": reading.text,
        "language_code": reading.language or None,
    }


def completed(reading: Reading) -> dict[str, Any]:
    return {"success": True, "status": "completed", "data": transcript(reading)}


def generated(reading: Reading) -> dict[str, Any]:
    # Where nobody speaks there are no rows, and the clients hand these two on instead.
    return done({**transcript(reading), "success": True, "message": GENERATED})


def _row(row: Row) -> dict[str, Any]:
    told = {"start": round(row.start, 3), "end": round(row.end, 3), "text": row.text.strip()}
    return {**told, "speaker": row.speaker} if row.speaker else told
