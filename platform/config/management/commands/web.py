"""Serve the web alone, where the cluster runs elsewhere."""

import os

from django.core.management.base import BaseCommand

from config import servers


class Command(BaseCommand):
    help = "Serve the APIs with gunicorn; the cluster runs elsewhere (manage.py cluster)."

    def handle(self, **options) -> None:
        os.execve(servers.WEB[0], servers.WEB, servers.environment())
