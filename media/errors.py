"""What can be wrong with a file that somebody uploads or links."""

from datetime import timedelta

from core.errors import Invalid, PolyscribeError, TooLarge, Unsupported


class NotMedia(Unsupported):
    """This is not an audio or video file of a kind that can be read here."""

    code = "not_media"


class UnknownCodec(Unsupported):
    """The sound in this file is encoded in a way that cannot be read here."""

    code = "unknown_codec"


class TooManyTracks(Unsupported):
    """This file holds more tracks than can be read here."""

    code = "too_many_tracks"


class EmptyFile(Invalid):
    """This file is empty."""

    code = "empty_file"


class NoAudio(Invalid):
    """There is no audio track in this file."""

    code = "no_audio"


class Damaged(Invalid):
    """This file is damaged: no sound could be read from it."""

    code = "damaged"


class SandboxTimeout(Invalid):
    """Reading this file took too long."""

    code = "reading_timeout"


class TooLong(TooLarge):
    """This recording is longer than the limit.

    Details: `limit_seconds`.
    """

    code = "too_long"

    def __init__(self, *, limit_seconds: float) -> None:
        limit = timedelta(seconds=round(limit_seconds))
        super().__init__(f"This recording is longer than the limit of {limit}.", limit_seconds=limit_seconds)


class FileTooLarge(TooLarge):
    """This file is larger than the limit.

    Details: `limit_bytes`.
    """

    code = "file_too_large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(f"This file is larger than the limit of {limit_bytes:,} bytes.", limit_bytes=limit_bytes)


class DecodeStopped(PolyscribeError):
    """Decoding was stopped because nobody waits for its result any more."""

    code = "decode_stopped"
