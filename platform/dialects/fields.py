"""Fields that inputs of every dialect are made of. What passes them can be kept by any database."""

import json
import math
import re
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from core import outbound
from core.errors import Invalid
from core.outbound.urls import parse
from orgs.endpoints import SCHEMES
from transcription import languages

_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Input(serializers.Serializer):
    """What a request may say. Unknown fields are passed over, as clients send more than they need."""

    @classmethod
    def read(cls, data: Any) -> dict[str, Any]:
        """Return the checked values of `data`: a parsed body or a query.

        Raises Invalid, whose message names each field that is wrong.
        """
        # A form's empty and missing values mean the same as JSON's.
        given = cls(data=data.dict() if isinstance(data, QueryDict) else data)
        if given.is_valid():
            return given.validated_data
        fields = {name: [str(sentence) for sentence in sentences] for name, sentences in given.errors.items()}
        whole = fields.get("non_field_errors")
        told = whole or [f"{name}: {' '.join(sentences)}" for name, sentences in fields.items()]
        raise Invalid(" ".join(told), fields=fields)


class Text(serializers.CharField):
    """A text and nothing that merely could be written as one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class OptionalText(Text):
    """A text that may be missing, null or empty, all of which mean the empty text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=True, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> str:
        return super().run_validation("" if data is serializers.empty or data is None else data)


class Url(OptionalText):
    """An address that could be fetched, by its looks; whether it may be is for `core.outbound` to say."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            parse(text)
        except outbound.BadUrl as error:
            raise serializers.ValidationError(error.message) from None
        return text


class CallbackUrl(Url):
    """An address that we may post to."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            outbound.check_url(text, schemes=SCHEMES)
        except outbound.OutboundError as error:
            raise serializers.ValidationError(error.message) from None
        return text


class Language(OptionalText):
    """A language tag, as Whisper's code."""

    _LONGEST_TAG = 35  # what RFC 5646 asks everybody to have room for

    def to_internal_value(self, data: Any) -> str:
        tag = super().to_internal_value(data)
        if len(tag) > self._LONGEST_TAG:
            self.fail("max_length", max_length=self._LONGEST_TAG)
        try:
            return languages.parse(tag)
        except Invalid as error:
            raise serializers.ValidationError(error.message) from None


class Seconds(serializers.FloatField):
    """A finite number of seconds, not negative."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, **kwargs})

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class Echo(serializers.JSONField):
    """Anything in JSON that is handed back as it came, up to `max_chars` of it."""

    default_error_messages = {"too_long": "Ensure this has no more than {max_chars} characters."}

    def __init__(self, *, max_chars: int = 8192, **kwargs: Any) -> None:
        self.max_chars = max_chars
        super().__init__(required=False, allow_null=True, default=None, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        try:
            text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        except ValueError:  # 1e400 is read as infinity, which no database keeps
            self.fail("invalid")
        if len(text) > self.max_chars:
            self.fail("too_long", max_chars=self.max_chars)
        # PostgreSQL keeps neither a NUL nor half a surrogate pair.
        if _NUL_IN_JSON.search(text) or any("\ud800" <= char <= "\udfff" for char in text):
            self.fail("invalid")
        return data
