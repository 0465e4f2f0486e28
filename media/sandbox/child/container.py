"""Opening a hostile container and saying what is in it, without decoding a picture."""

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream
from refusal import Refusal

TRACKS = 16
"""More tracks than this are refused; attachments and cover art are not counted."""

STREAMS = 128
"""More streams of any kind than this are not even listed."""

SAMPLE_RATES = range(1_000, 768_001)
CHANNELS = range(1, 25)

DECODERS = (
    "aac,aac_latm,ac3,alac,amrnb,amrwb,dca,eac3,flac,gsm,gsm_ms,mlp,mp1,mp1float,mp2,mp2float,mp3,mp3float,opus,speex,"
    "truehd,vorbis,wavpack,wmav1,wmav2,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,pcm_alaw,pcm_bluray,pcm_dvd,pcm_f16le,"
    "pcm_f24le,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24be,pcm_s24le,pcm_s32be,"
    "pcm_s32le,pcm_s64be,pcm_s64le,pcm_s8,pcm_u8"
)
"""What people record with. No video decoder is among them, so libav cannot start one while it looks around."""

UNKNOWN = "unknown"
COVER_ART = Disposition.attached_pic | Disposition.timed_thumbnails


def open_container(descriptor: int, *, demuxer: str) -> InputContainer:
    """Open the file behind `descriptor` with one demuxer and nothing else.

    The only protocol is libav's own `fd`: neither a path nor an address that the file names can be opened. The
    demuxer is given, so nothing is probed; the whitelist binds whatever it may start in turn.

    Raises av.FFmpegError for what the demuxer cannot read, Refusal for too many tracks.
    """
    container = av.open(
        "fd:",
        format=demuxer,
        container_options={
            "fd": str(descriptor),
            "protocol_whitelist": "fd",
            "format_whitelist": demuxer,
            "codec_whitelist": DECODERS,
            "max_streams": str(STREAMS),
        },
        metadata_errors="replace",
    )
    if sum(_is_track(stream) for stream in container.streams) > TRACKS:
        raise Refusal("too_many_tracks")
    return container


def describe(container: InputContainer) -> dict:
    """Return what `media.sandbox.probe` tells, as plain values."""
    sound, picture = _first_sound(container), _first_picture(container)
    seconds = (container.duration or 0) / av.time_base
    return {
        "seconds": seconds if seconds > 0 else None,
        "audio": sound and _describe_sound(sound),
        "video": picture and _describe_picture(picture),
    }


def choose_sound(container: InputContainer) -> AudioStream:
    """Return the first audio stream, with every other stream switched off.

    Raises Refusal without sound, with an encoding that is not admitted, or with absurd parameters.
    """
    sound = _first_sound(container)
    if sound is None:
        raise Refusal("no_audio")
    _describe_sound(sound)
    if sound.codec_context is None or sound.codec_context.name not in DECODERS.split(","):
        raise Refusal("unknown_codec")
    for stream in container.streams:
        if stream is not sound:
            stream.discard = Discard.all
    sound.codec_context.thread_count = 1
    return sound


def _is_track(stream: Stream) -> bool:
    return stream.type != "attachment" and not stream.disposition & COVER_ART


def _first_sound(container: InputContainer) -> AudioStream | None:
    return next(iter(container.streams.audio), None)


def _first_picture(container: InputContainer) -> VideoStream | None:
    return next(filter(_is_track, container.streams.video), None)


def _describe_sound(stream: AudioStream) -> dict:
    context = stream.codec_context
    if context is None:  # libav knows the name of the encoding and no more
        return {"codec": UNKNOWN, "sample_rate": 0, "channels": 0}
    rate, channels = context.sample_rate, context.layout.nb_channels
    if rate not in SAMPLE_RATES or channels not in CHANNELS:
        raise Refusal("damaged")
    return {"codec": context.codec.canonical_name, "sample_rate": rate, "channels": channels}


def _describe_picture(stream: VideoStream) -> dict:
    context = stream.codec_context
    return {
        "codec": context.codec.canonical_name if context else UNKNOWN,
        "width": context.width if context else 0,
        "height": context.height if context else 0,
        "fps": float(stream.average_rate or 0),
    }
