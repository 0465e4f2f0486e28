from datetime import UTC, datetime

import pytest

from orgs.schedule import asked_seconds, delay_seconds, pause_seconds

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("failures", "seconds"),
    list(enumerate([5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR], start=1)),
)
def test_attempts_lie_further_and_further_apart(failures, seconds):
    assert delay_seconds(failures, draw=lambda: 0) == seconds


def test_chance_adds_up_to_a_tenth():
    assert delay_seconds(2, draw=lambda: 0.5) == pytest.approx(315)


@pytest.mark.parametrize(("asked", "seconds"), [(1, 5), (60, 60)])
def test_the_longer_of_schedule_and_request_counts(asked, seconds):
    assert delay_seconds(1, asked_seconds=asked, draw=lambda: 0) == seconds


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (1, 0), (3, 0), (4, 60), (5, 120), (6, 240), (14, 61_440), (15, DAY), (39, DAY), (100_000, DAY)],
)
def test_pauses_double_from_a_minute_to_a_day(failures, seconds):
    assert pause_seconds(failures) == seconds


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_receiver_may_ask_for_time(status):
    assert asked_seconds(status, "120", now=NOON) == 120


@pytest.mark.parametrize("status", [301, 400, 404, 500, 501])
def test_other_answers_may_not(status):
    assert asked_seconds(status, "120", now=NOON) == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (" 7 ", 7),
        ("0", 0),
        ("Mon, 02 Mar 2026 12:10:00 GMT", 600),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("86401", DAY),
        ("9" * 5000, DAY),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
    ],
)
def test_both_forms_are_read_and_bounded(header, seconds):
    assert asked_seconds(429, header, now=NOON) == seconds


@pytest.mark.parametrize(
    "header", ["", "soon", "-5", "1.5", "²", "1e3", "Mon, 02 Mar 2026 12:10:00", "Mon, 99 Foo 2026 99:99:99 GMT"]
)
def test_nonsense_counts_for_nothing(header):
    assert asked_seconds(429, header, now=NOON) == 0
