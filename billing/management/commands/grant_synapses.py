"""Give synapses to an organization."""

import secrets

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from billing import queries, services
from core.errors import PolyscribeError
from orgs import audit
from orgs.queries import find_organization


class Command(BaseCommand):
    help = "Grant synapses to an organization, with a reason that stays in its journal and its audit log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("org", metavar="ORG_ID")
        parser.add_argument("amount", type=int, metavar="N")
        parser.add_argument("--reason", required=True)

    @transaction.atomic
    def handle(self, *, org: str, amount: int, reason: str, **options) -> None:
        try:
            owner = find_organization(org)
            transfer = services.grant(owner, amount=amount, key=secrets.token_hex(16), memo=reason[:200])
        except PolyscribeError as error:
            raise CommandError(error.message) from None
        audit.record(owner, action="synapses.granted", target=transfer.public_id, details={"amount": amount})
        self.stdout.write(f"{transfer.public_id}: {amount} synapses. Balance: {queries.balance(owner).available}.")
