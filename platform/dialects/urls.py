"""The routes of all dialects, and at the end the answer for every path that is nobody's."""

from django.urls import include, path, re_path

from dialects import owners

urlpatterns = [
    path("", include("dialects.videodb.urls")),
    re_path(r"", owners.unknown_path),
]
