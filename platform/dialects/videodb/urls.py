"""VideoDB's routes."""

from dialects.base import both
from dialects.videodb import views
from media.models import Media

urlpatterns = [
    *both("collection", views.Collections),
    *both("collection/<str:collection_id>", views.OneCollection),
    *both("collection/<str:collection_id>/upload_url", views.UploadPlace),
    *both("collection/<str:collection_id>/upload", views.Upload),
    *both("async-response/<str:work_id>", views.AsyncResponse),
]
for kind in Media.Kind.values:
    urlpatterns += [
        *both(kind, views.MediaList, kind=kind),
        *both(f"{kind}/<str:media_id>", views.OneMedium, kind=kind),
        *both(f"{kind}/<str:media_id>/storage", views.Storage, kind=kind),
    ]
for kind in (Media.Kind.AUDIO, Media.Kind.IMAGE):
    urlpatterns += both(f"{kind}/<str:media_id>/generate_url", views.FileUrl, kind=kind)
for kind in (Media.Kind.VIDEO, Media.Kind.AUDIO):
    urlpatterns += both(f"{kind}/<str:media_id>/transcription", views.Transcripts, kind=kind)
