"""Who answers where."""

from django.urls import include, path

from config import health

urlpatterns: list = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("", include("files.urls")),
    path("", include("dialects.urls")),
]
handler400 = handler403 = handler404 = handler500 = "dialects.owners.handle_error"
