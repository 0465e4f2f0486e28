"""A fault of ours is written down once, and tells the client nothing but where to ask."""

import logging

import pytest

from config.logs import Scrub
from tests.dialects.api import Api
from tests.dialects.crashing_urls import SECRET

pytestmark = [pytest.mark.urls("tests.dialects.crashing_urls"), pytest.mark.django_db]
PATHS = ["/crash/view", "/crash/function"]


@pytest.mark.parametrize("path", PATHS)
def test_a_crash_answers_without_internals(path):
    response = Api().get(path, headers={"X-Request-Id": "the-request-of-this-test"})

    assert response.status_code == 500
    assert response.json() == {
        "success": False,
        "message": "Something went wrong here. Try again later.",
        "error_code": "INTERNAL_ERROR",
        "request_id": "the-request-of-this-test",
    }


@pytest.mark.parametrize("path", PATHS)
def test_a_crash_is_written_down_once_with_its_trace(path, caplog):
    Api().get(path)

    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info[0] is RuntimeError


@pytest.mark.parametrize("path", PATHS)
def test_what_is_written_down_holds_no_key(path, caplog):
    caplog.handler.addFilter(Scrub())

    Api().get(path)

    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "no such thing as -" in record.exc_text
    assert SECRET not in caplog.text
