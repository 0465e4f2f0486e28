"""Make up the secrets of an installation."""

from django.core.management.base import BaseCommand

from config import secrets


class Command(BaseCommand):
    help = "Print a fresh set of secrets as lines for the environment of every machine. Keep them: keys depend on them."
    requires_system_checks = ()  # one of the checks asks for what this prints

    def handle(self, **options) -> None:
        for name, value in secrets.fresh().items():
            self.stdout.write(f"{name}={value}")
