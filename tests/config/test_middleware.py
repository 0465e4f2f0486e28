import re

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.middleware import RequestId
from core.context import request_id

FRESH = re.compile(r"req_[0-9a-f]{32}")


def answered(**headers) -> tuple[str, str]:
    """Return the id that the answer carries and the one that was known while it was made."""
    seen = []

    def view(request):
        seen.append(request_id.get())
        return HttpResponse()

    response = RequestId(view)(RequestFactory().get("/", headers=headers))
    return response["X-Request-Id"], seen[0]


def test_a_request_gets_an_id_that_its_answer_carries():
    answer, inside = answered()

    assert FRESH.fullmatch(answer)
    assert inside == answer


def test_two_requests_have_different_ids():
    assert answered()[0] != answered()[0]


@pytest.mark.parametrize("offered", ["12345678", "a" * 64, "0b54f4f5-6a4f-4c0d-8f55-7c5c4f8f7d5e", "trace.1_2-3"])
def test_a_client_may_bring_its_own(offered):
    assert answered(x_request_id=offered) == (offered, offered)


@pytest.mark.parametrize(
    "offered",
    [
        "",
        "1234567",
        "a" * 65,
        "with space",
        "line\nbreak",
        "line\r\nSet-Cookie: a=b",
        "12345678\n",
        "größer-1",
        '{"a": 1234}',
        "<script>",
    ],
)
def test_an_id_that_is_not_well_formed_is_replaced(offered):
    answer, inside = answered(x_request_id=offered)

    assert FRESH.fullmatch(answer)
    assert inside == answer


def test_after_the_answer_there_is_no_id():
    answered(x_request_id="12345678")

    assert request_id.get() == ""


def test_after_a_crash_there_is_no_id():
    def view(request):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        RequestId(view)(RequestFactory().get("/"))

    assert request_id.get() == ""


def test_it_stands_before_all_others(settings):
    assert settings.MIDDLEWARE[0] == "config.middleware.RequestId"
