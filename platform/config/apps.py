"""Where the storeys are wired together."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from django_q.signals import post_execute_in_worker

        from config import checks  # noqa: F401  (registers the system checks)
        from config.supervisor import canary
        from dialects import callbacks

        post_execute_in_worker.connect(canary.note)
        callbacks.register()
