import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.ranges import Span, Unsatisfiable, wanted

ETAG = '"abc"'
SIZE = 1000


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-499", 0, 499),
        ("bytes=500-", 500, 999),
        ("bytes=999-", 999, 999),
        ("bytes=900-5000", 900, 999),
        ("bytes=-1", 999, 999),
        ("bytes=-500", 500, 999),
        ("bytes=-5000", 0, 999),
        ("Bytes=0-9", 0, 9),
        ("bytes= 0-9 ", 0, 9),
    ],
)
def test_one_range_is_sent(header, first, last):
    span = wanted(header, size=SIZE, etag=ETAG)

    assert span == Span(first, last, SIZE)
    assert span.content_range == f"bytes {first}-{last}/1000"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=0-1,5-6",
        "bytes=0-1,",
        "items=0-1",
        "bytes=--5",
        "bytes=+1-5",
        "bytes=\u0661-\u0662",
        "bytes=1-" + "9" * 30,
    ],
    ids=ascii,
)
def test_what_is_no_single_range_is_answered_with_the_whole(header):
    assert wanted(header, size=SIZE, etag=ETAG) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_behind_the_end_is_refused(header):
    with pytest.raises(Unsatisfiable) as refusal:
        wanted(header, size=SIZE, etag=ETAG)

    assert refusal.value.details == {"size": SIZE}


@pytest.mark.parametrize(("if_range", "is_part"), [(None, True), (ETAG, True), (f" {ETAG} ", True)])
def test_a_range_is_sent_of_the_version_that_is_known(if_range, is_part):
    assert (wanted("bytes=0-1", size=SIZE, etag=ETAG, if_range=if_range) is not None) is is_part


@pytest.mark.parametrize("if_range", ['"other"', f"W/{ETAG}", "Sat, 29 Oct 2022 19:43:31 GMT", "abc", "*"])
def test_a_range_of_another_version_is_answered_with_the_whole(if_range):
    assert wanted("bytes=0-1", size=SIZE, etag=ETAG, if_range=if_range) is None


@given(first=st.integers(0, 2000), last=st.integers(0, 2000), size=st.integers(1, 1500))
def test_a_span_lies_inside_the_file(first, last, size):
    try:
        span = wanted(f"bytes={first}-{last}", size=size, etag=ETAG)
    except Unsatisfiable:
        assert first >= size
    else:
        assert span is None or 0 <= span.first <= span.last < size
