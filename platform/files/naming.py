"""What a file is said to be: its type and its name, from what was found inside and never from what a customer said."""

from django.utils.http import content_disposition_header

from media.models import Media

_UNKNOWN = ("application/octet-stream", "bin")
_SOUND = {
    "wav": ("audio/wav", "wav"),
    "mp3": ("audio/mpeg", "mp3"),
    "mp4": ("audio/mp4", "m4a"),
    "ogg": ("audio/ogg", "ogg"),
    "flac": ("audio/flac", "flac"),
    "aac": ("audio/aac", "aac"),
    "webm": ("audio/webm", "weba"),
    "matroska": ("audio/x-matroska", "mka"),
    "mpeg": ("video/mpeg", "mpg"),
    "mpegts": ("video/mp2t", "ts"),
    "avi": ("video/x-msvideo", "avi"),
}
_PICTURES = {
    "mp4": ("video/mp4", "mp4"),
    "ogg": ("video/ogg", "ogv"),
    "webm": ("video/webm", "webm"),
    "matroska": ("video/x-matroska", "mkv"),
}
_NAME_LENGTH = 100
_UNFIT = '/\\:*?"<>|'


def content_type(media: Media) -> str:
    """Return the media type of the file of `media`."""
    return _kind(media)[0]


def content_disposition(media: Media) -> str:
    """Return a Content-Disposition that shows the file under its name, with the extension that it should have."""
    return content_disposition_header(as_attachment=False, filename=file_name(media))


def file_name(media: Media) -> str:
    """Return a name under which any system can keep the file of `media`."""
    extension = _kind(media)[1]
    plain = "".join(" " if char in _UNFIT else char for char in media.name if char.isprintable())
    stem = plain.strip(" .").removesuffix(f".{extension}")[:_NAME_LENGTH].strip(" .")
    return f"{stem or media.public_id}.{extension}"


def _kind(media: Media) -> tuple[str, str]:
    moving = _PICTURES.get(media.container) if media.video_codec else None
    return moving or _SOUND.get(media.container, _UNKNOWN)
