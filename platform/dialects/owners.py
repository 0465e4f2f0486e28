"""Who answers for a path when no view of it gets to speak: unknown routes, refused requests, crashes."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from core.errors import PolyscribeError
from dialects.faults import Dialect, UnknownPath, fit, foreseen
from dialects.videodb.errors import VIDEODB

OWNERS: tuple[tuple[str, Dialect], ...] = ()
"""Prefixes of paths in lower case and whose they are; the first that fits wins, so the longer come first."""

OWNER_OF_THE_REST = VIDEODB


def owner(path: str) -> Dialect:
    """Return the dialect that answers at `path`."""
    return next((dialect for prefix, dialect in OWNERS if path.lower().startswith(prefix)), OWNER_OF_THE_REST)


def handle_error(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Tell an error that was raised outside of views; None stands for one that nobody foresaw. Django's handler4xx."""
    error = foreseen(exception) if exception else PolyscribeError("Something went wrong here. Try again later.")
    return fit(request, owner(request.path_info).answer(error))


@csrf_exempt
def unknown_path(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """Answer for every path that no other route knows."""
    return fit(request, owner(request.path_info).answer(UnknownPath()))
