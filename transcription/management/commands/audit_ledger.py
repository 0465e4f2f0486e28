"""Replay the journal and compare it with the balances and the jobs."""

from django.core.management.base import BaseCommand, CommandError

from transcription.audit import audit


class Command(BaseCommand):
    help = "Replay the journal of synapses and compare it with every balance and every job. Exits 1 on a discrepancy."

    def handle(self, **options) -> None:
        discrepancies = audit()
        for discrepancy in discrepancies:
            self.stdout.write(str(discrepancy))
        if discrepancies:
            raise CommandError(f"{len(discrepancies)} discrepancies.")
        self.stdout.write("The ledger is sound: balances, holds and jobs agree with the journal.")
