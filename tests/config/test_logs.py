import io
import json
import logging
from itertools import product

import pytest

from config import settings as product_settings
from config.logs import JsonFormatter, Scrub, scrub
from core.context import request_id
from core.signing import seal
from orgs.keys import _new_secret

KEY = _new_secret()
TOKEN = seal("file", {"id": "m-1"}, lifetime_seconds=60)
CANARY = "c4nary"

SECRETS = {
    "a key": (f"using {KEY} now", KEY),
    "a key in a header": (f"{{'Authorization': 'Bearer {KEY}'}}", KEY),
    "a key in a header of another vendor": (f"x-access-token: {KEY}", KEY),
    "a key that was cut off": (f"using {KEY[:20]}", KEY[3:20]),
    "two keys": (f"{KEY},{KEY}", KEY),
    "a webhook secret": (f"signed with whsec_{CANARY}+/=AB", CANARY),
    "a url-safe webhook secret": (f"signed with whsec_ab-_{CANARY}", CANARY),
    "a key of the payment gateway": (f"Invalid API Key provided: sk_live_{CANARY}", CANARY),
    "a test key of the payment gateway": (f"sk_test_{CANARY}", CANARY),
    "a restricted key of the payment gateway": (f"rk_live_{CANARY}", CANARY),
    "a signed link": (f"GET /files/{TOKEN} 200", TOKEN),
    "a signed link to a part of a stream": (f"GET https://host.example/files/{TOKEN}/part-7.ts", TOKEN),
    "a signed link in quotes": (f"fetching '/files/{TOKEN}'", TOKEN),
    "an upload link": (f"PUT /upload/{TOKEN} 200", TOKEN),
    "a watch page": (f"GET /watch/{TOKEN}", TOKEN),
    "a query string": (f"GET https://bucket.example/talk.mp3?X-Amz-Signature={CANARY}", CANARY),
    "a query string with a quotation mark": (f"https://a.example/?name=O'Brien&sig={CANARY}", CANARY),
    "a query string with a double quotation mark": (f'https://a.example/?name="x"&sig={CANARY}', CANARY),
    "a query string with an address": (f"https://a.example/?mail=me@b.example&sig={CANARY}", CANARY),
    "a query string with a second question mark": (f"https://a.example/?a=b?c&sig={CANARY}", CANARY),
    "a query string on a path": (f"GET /api/v1/media?token={CANARY} 404", CANARY),
    "a password in a link": (f"https://user:{CANARY}@host.example/talk.mp3", CANARY),
    "a user in a link": (f"https://{CANARY}@host.example/talk.mp3", CANARY),
    "a password with an @": (f"https://user:a@{CANARY}@host.example/", CANARY),
    "a password with a quotation mark": (f"https://user:a'{CANARY}@host.example/", CANARY),
    "a password with a slash": (f"postgres://user:a/{CANARY}@db.example/polyscribe", CANARY),
    "a password of a database": (f"redis://:{CANARY}@cache.example:6379/0", CANARY),
}


class Thing:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


@pytest.fixture
def log():
    """A logger set up as the product's is, and the lines that it has written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Scrub())
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.lines = lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.written = stream.getvalue
    return logger


def as_message(log, text):
    log.warning(text.replace("%", "%%"))


def as_argument(log, text):
    log.warning("It says: %s.", text)


def as_object(log, text):
    log.warning("It is %r.", Thing(text))


def as_named_argument(log, text):
    log.warning("It says: %(text)s.", {"text": text})


def as_argument_that_does_not_fit(log, text):
    log.warning("It counts %d.", text)


def as_exception(log, text):
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("It failed.")


def as_cause(log, text):
    try:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise KeyError("outer") from error
    except KeyError:
        log.exception("It failed.")


def as_note(log, text):
    try:
        error = ValueError("inner")
        error.add_note(text)
        raise error
    except ValueError:
        log.exception("It failed.")


def as_request_id(log, text):
    token = request_id.set(text)
    log.warning("Hello.")
    request_id.reset(token)


WAYS = [
    as_message,
    as_argument,
    as_object,
    as_named_argument,
    as_argument_that_does_not_fit,
    as_exception,
    as_cause,
    as_note,
    as_request_id,
]


@pytest.mark.parametrize(("secret", "way"), list(product(SECRETS, WAYS)))
def test_no_secret_reaches_a_line(log, secret, way):
    text, canary = SECRETS[secret]

    way(log, text)

    assert canary not in log.written()
    assert len(log.lines()) == 1


@pytest.mark.parametrize("secret", SECRETS)
def test_scrubbing_twice_changes_nothing(secret):
    once = scrub(SECRETS[secret][0])

    assert scrub(once) == once


def test_a_trace_that_another_handler_wrote_before_is_scrubbed_too(log):
    earlier = logging.StreamHandler(io.StringIO())
    log.handlers.insert(0, earlier)

    as_exception(log, KEY)

    assert KEY in earlier.stream.getvalue()
    assert KEY not in log.written()


@pytest.mark.parametrize(
    "text",
    [
        "Job trans_0123456789abcdef0123456789abcdef finished in 12.5 s.",
        "sk-abcde… (CI)",
        "GET /api/v1/media 200",
        "GET https://host.example/talk.mp3",
        "mail to ann@example.com",
        "Is it done? Yes.",
        "100 % of /files are there",
    ],
)
def test_what_is_no_secret_stays(text):
    assert scrub(text) == text


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        (f"GET /files/{TOKEN}?download=1 200", "GET /files/-?- 200"),
        ("https://user:pass@host.example/a?b=c", "https://-host.example/a?-"),
        (f"Bearer {KEY}", "Bearer -"),
    ],
)
def test_a_dash_stands_where_a_secret_was(text, scrubbed):
    assert scrub(text) == scrubbed


def test_a_line_says_when_how_bad_where_and_what(log):
    log.warning("The disk is %s.", "full")

    (line,) = log.lines()
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "warning", "logger": "test", "message": "The disk is full."}


def test_a_line_carries_the_id_of_its_request(log):
    token = request_id.set("req_1")
    log.warning("Hello.")
    request_id.reset(token)
    log.warning("Bye.")

    assert [line.get("request_id") for line in log.lines()] == ["req_1", None]


def test_an_exception_comes_with_its_trace(log):
    as_exception(log, "no such thing")

    assert log.lines()[0]["trace"].endswith("ValueError: no such thing")


def test_a_message_of_several_lines_is_one_line(log):
    log.warning("one\ntwo\r\nthree %s", "four\nfive")

    assert [line["message"] for line in log.lines()] == ["one\ntwo\r\nthree four\nfive"]


def test_arguments_that_do_not_fit_do_not_stop_the_caller(log):
    log.warning("%s and %s", "only one")

    assert log.lines()[0]["message"] == "%s and %s ('only one',)"


def test_the_product_writes_all_its_lines_so():
    logging_settings = product_settings.LOGGING

    assert logging_settings["filters"]["scrub"]["()"] == "config.logs.Scrub"
    assert logging_settings["formatters"]["json"]["()"] == "config.logs.JsonFormatter"
    assert [(h["formatter"], h["filters"]) for h in logging_settings["handlers"].values()] == [("json", ["scrub"])]
    assert logging_settings["root"]["handlers"] == ["stderr"]
