"""What VideoDB's clients may say."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from dialects.fields import CallbackUrl, Echo, Input, Language, OptionalText, Seconds, Text, Url
from dialects.uploads import label_of
from dialects.videodb.errors import PicturesUnsupported

_NAME, _DESCRIPTION = 500, 10_000


class NewCollection(Input):
    name = Text(max_length=200)
    description = OptionalText(max_length=_DESCRIPTION)
    is_public = serializers.BooleanField(default=False)


class CollectionChanges(Input):
    """What is missing or null stays as it is."""

    name = Text(max_length=200, allow_null=True, default=None)
    description = Text(max_length=_DESCRIPTION, allow_null=True, allow_blank=True, default=None)
    is_public = serializers.BooleanField(allow_null=True, default=None)


class UploadPlace(Input):
    name = OptionalText(max_length=_NAME)


class _File(serializers.Field):
    def to_internal_value(self, data: Any) -> UploadedFile:
        if not isinstance(data, UploadedFile):
            raise serializers.ValidationError("Not a file.")
        return data


class Upload(Input):
    """A medium to bring in: by `url`, or as the part `file` of a form."""

    url = Url()
    file = _File(default=None)
    name = OptionalText(max_length=_NAME)
    description = OptionalText(max_length=_DESCRIPTION)
    media_type = serializers.ChoiceField(["video", "audio", "image"], allow_null=True, allow_blank=True, default="")
    callback_url = CallbackUrl()
    callback_data = Echo()

    def validate_media_type(self, kind: str | None) -> str:
        if kind == "image":
            raise PicturesUnsupported
        return kind or ""

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        given["source"] = given["file"] or given["url"]
        if not given["source"]:
            raise serializers.ValidationError({"url": "Give the address of a file, or send one as the part `file`."})
        if given["file"] and not given["name"]:
            given["name"] = label_of(given["file"])
        return given


class MediaChanges(Input):
    name = Text(max_length=_NAME, allow_null=True, default=None)


class Listing(Input):
    collection_id = OptionalText(max_length=64)
    page_index = serializers.IntegerField(min_value=0, max_value=10**9, default=0)
    count = serializers.IntegerField(min_value=1, max_value=1000, default=None)


class _Force(serializers.BooleanField):
    """The Node client sends the options of `generateTranscript({…})` as an object in this place."""

    def to_internal_value(self, data: Any) -> Any:
        return data if isinstance(data, dict) else super().to_internal_value(data)


class Wish(Input):
    """A transcript to be made. `engine` is taken and passed over: there is one."""

    force = _Force(allow_null=True, default=False)
    language_code = Language()
    engine = OptionalText(max_length=64)
    callback_url = CallbackUrl()
    callback_data = Echo()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        options = data.get("force") if isinstance(data, dict) else None
        if isinstance(options, dict):
            language = options.get("languageCode") or options.get("language_code") or data.get("language_code")
            data = {**data, "force": options.get("force", False), "language_code": language}
        return super().to_internal_value(data)


class Window(Input):
    """Which part of a transcript is wanted, and how it is cut. An `end` of -1 is the end of the recording."""

    start = Seconds(default=0)
    end = Seconds(min_value=-1, default=-1)
    segmenter = serializers.ChoiceField(["word", "sentence", "time"], default="word")
    length = Seconds(min_value=0.01, default=1)

    def validate_end(self, end: float) -> float | None:
        if -1 < end < 0:
            raise serializers.ValidationError("Ensure this value is greater than or equal to 0, or -1 for the end.")
        return None if end == -1 else end

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["end"] is not None and given["end"] < given["start"]:
            raise serializers.ValidationError({"end": "Ensure this value is not less than start."})
        return given
