"""Routes of links that are themselves the credential. A name at the end is for people and means nothing."""

from django.urls import path

from files import views

urlpatterns = [
    path(f"{place}/<str:token>{rest}", view.as_view())
    for place, view in (("files", views.File), ("upload", views.Upload))
    for rest in ("", "/", "/<str:name>")
]
