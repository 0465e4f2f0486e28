"""Give every request an id that its answer, its errors and its log lines carry."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core.context import request_id
from core.ids import new_id

_ACCEPTABLE = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestId:
    """Takes a well-formed X-Request-Id from the client, else makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        chosen = offered if _ACCEPTABLE.fullmatch(offered) else new_id("request")
        token = request_id.set(chosen)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-Id"] = chosen
        return response
