"""What the views of all dialects have in common: who asks, what a body may be, how errors are told."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.cache import patch_cache_control, patch_vary_headers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from dialects import auth
from dialects.faults import Dialect, WrongMethod, fit, foreseen
from orgs.roles import Scope


class Json(JSONParser):
    """Strict JSON, also against bodies that nest deeper than the parser can follow."""

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError from None


class Endpoint(APIView):
    """One address: who asks and what they may is settled before a method runs, which finds `request.org` and
    `request.key`.

    Reading methods need the scope `read`, all others `transcribe`, unless `scopes` says otherwise.
    """

    dialect: Dialect
    scopes: ClassVar[dict[str, Scope]] = {}
    is_open: ClassVar[bool] = False
    """Whether no key is needed, because the link itself is the credential."""
    parser_classes: ClassVar[Sequence[type[BaseParser]]] = [Json]

    def initial(self, request: Request, *args, **kwargs) -> None:
        if self.is_open or request.method == "OPTIONS":
            return
        request.key = auth.identify(request, self.dialect.credentials)
        request.org = request.key.org
        if request.method in self.allowed_methods:
            usual = Scope.READ if request.method in ("GET", "HEAD") else Scope.TRANSCRIBE
            auth.require(request.key, self.scopes.get(request.method, usual))

    def options(self, request: Request, *args, **kwargs) -> HttpResponse:
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def http_method_not_allowed(self, request: Request, *args, **kwargs) -> HttpResponse:
        raise WrongMethod(request.method, allowed=self.allowed_methods)

    def handle_exception(self, exc: Exception) -> HttpResponse:
        return self.dialect.answer(foreseen(exc))

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}

    def finalize_response(self, request: Request, response: HttpResponse, *args, **kwargs) -> HttpResponse:
        response = super().finalize_response(request, response, *args, **kwargs)
        if not self.is_open:
            patch_cache_control(response, private=True)
            patch_vary_headers(response, [credential.header for credential in self.dialect.credentials])
        return fit(request, response)


def answer(body: dict[str, Any], *, status: int = 200) -> JsonResponse:
    """Return `body` as the answer of a view."""
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


def both(route: str, view: type[APIView], **given: Any) -> list[URLPattern]:
    """Serve `view` at `route` with and without a slash at the end: a redirected POST would lose its body."""
    return [path(spelling, view.as_view(), given) for spelling in (route, f"{route}/")]


def base_url(request: HttpRequest) -> str:
    """Return scheme and host for absolute links in answers, without a slash at the end."""
    return settings.PUBLIC_URL.rstrip("/") or f"{request.scheme}://{request.get_host()}"
