"""A client that speaks to the API in this process, and the routes that it can take."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from orgs.models import Organization

APPS = ("orgs", "billing", "media", "transcription")
_NOTED_ANYWAY = ("last_used_at", "last_used_address")


class Api(Client):
    """Django's test client with a key in VideoDB's header; bodies are JSON, crashes are answers."""

    def __init__(self, secret: str | None = None, **headers: str) -> None:
        key = {"x-access-token": secret} if secret is not None else {}
        super().__init__(headers={**key, **headers}, raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send `body` as JSON; bytes go as they are, still under the name of JSON."""
        return self.generic(
            method,
            path,
            data=body if isinstance(body, bytes) else self._encode_json(body, "application/json"),
            content_type="application/json",
            headers=headers,
        )

    def _encode_json(self, data: Any, content_type: str) -> Any:
        return b"" if data is None else super()._encode_json(data, content_type)


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    method: str
    pattern: str
    """As Django writes it: `video/<str:media_id>`."""
    params: tuple[str, ...]
    needs_transcribe: bool

    def __str__(self) -> str:
        return f"{self.method} /{self.pattern}"

    def path(self, **ids: str) -> str:
        """Return the path with an id for every parameter; a parameter without one is a KeyError."""
        path = self.pattern
        for name in self.params:
            path = path.replace(f"<str:{name}>", ids[name])
        return f"/{path}"


def spellings(urlconf: str) -> dict[str, tuple]:
    """Return view and fixed arguments of every address of `urlconf`, as it is spelled."""
    return {
        str(entry.pattern): (entry.callback.view_class, entry.default_args)
        for entry in get_resolver(urlconf).url_patterns
    }


def routes(urlconf: str) -> Iterator[Route]:
    """Yield every method of every address of `urlconf`, but OPTIONS, and without a slash at the end."""
    for entry in get_resolver(urlconf).url_patterns:
        if str(entry.pattern).endswith("/"):
            continue
        view = entry.callback.view_class
        known = [name for name in view.http_method_names if hasattr(view, name) and name != "options"]
        for name in known + (["head"] if "get" in known and "head" in view.http_method_names else []):
            method = name.upper()
            usual = "read" if method in ("GET", "HEAD") else "transcribe"
            yield Route(
                method=method,
                pattern=str(entry.pattern),
                params=tuple(entry.pattern.converters),
                needs_transcribe=view.scopes.get(method, usual) == "transcribe",
            )


def everything_of(org: Organization) -> dict[str, list[dict]]:
    """Return all rows that belong to `org`, but when its keys were last used."""
    owned = [model for app in APPS for model in apps.get_app_config(app).get_models() if hasattr(model, "org")]
    return {
        model.__name__: [_told(row) for row in model.objects.filter(org=org).order_by("pk").values()] for model in owned
    }


def _told(row: dict) -> dict:
    return {name: value for name, value in row.items() if name not in _NOTED_ANYWAY}
