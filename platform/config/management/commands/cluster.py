"""Run the workers of this machine, under supervision."""

from django.core.management.base import BaseCommand, CommandError

from config.supervisor.folder import AlreadySupervised
from config.supervisor.loop import supervise


class Command(BaseCommand):
    help = "Start the clusters of this machine and look after them until SIGTERM or Ctrl-C, which drain them."

    def handle(self, **options) -> None:
        try:
            supervise()
        except AlreadySupervised as error:
            raise CommandError(error.message) from None
