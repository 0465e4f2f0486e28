import pytest

from core.errors import Invalid
from transcription import languages


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en-US", "en"),
        ("en_us", "en"),
        ("de-AT", "de"),
        ("zh-Hant-TW", "zh"),
        ("nb", "no"),
        (" es ", "es"),
        ("yue", "yue"),
    ],
)
def test_a_tag_leads_to_whispers_code(tag, code):
    assert languages.parse(tag) == code


@pytest.mark.parametrize("tag", ["", "x", "klingon", "english language", "tlh", "-", "e n", "\x00"])
def test_an_unknown_tag_is_refused_with_the_field_named(tag):
    with pytest.raises(Invalid) as refusal:
        languages.parse(tag)

    assert "language" in refusal.value.details["fields"]


def test_whisper_knows_a_hundred_languages():
    assert len(languages.NAMES) == 100
