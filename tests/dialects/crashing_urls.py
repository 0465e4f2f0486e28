"""The product's routes, and two that fail."""

from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as product
from dialects.base import Endpoint
from dialects.videodb.errors import VIDEODB

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

SECRET = "sk-ThisIsASecretOfSomebodyElse"


class Crashing(Endpoint):
    is_open = True
    dialect = VIDEODB

    def get(self, request):
        raise RuntimeError(f"no such thing as {SECRET}")


def crash(request):
    raise RuntimeError(f"no such thing as {SECRET}")


urlpatterns = [path("crash/view", Crashing.as_view()), path("crash/function", crash), *product]
