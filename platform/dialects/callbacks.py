"""Which dialect writes which callback: renderers for what a request asked to be told."""

import json
from collections.abc import Callable
from typing import Any

from dialects.videodb import views as videodb
from orgs.delivery import register_renderer
from orgs.models import Event

WRITERS: dict[str, Callable[[Event, Any], dict[str, Any]]] = {"videodb": videodb.callback}
"""From a dialect to what it posts for an event, given the `data` that was kept with the request."""


def register() -> None:
    """Let deliveries find the writers. To be called once, when the applications are ready."""
    for dialect, write in WRITERS.items():
        register_renderer(dialect, _renderer(write))


def _renderer(write: Callable[[Event, Any], dict[str, Any]]) -> Callable[[Event, Any], tuple[bytes, dict[str, str]]]:
    def render(event: Event, data: Any) -> tuple[bytes, dict[str, str]]:
        return json.dumps(write(event, data), ensure_ascii=False).encode(), {"Content-Type": "application/json"}

    return render
