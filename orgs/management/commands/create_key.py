"""Make another access key for an organization."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core.errors import PolyscribeError
from orgs.keys import issue_key
from orgs.queries import find_organization
from orgs.roles import Scope


class Command(BaseCommand):
    help = "Create an access key and print it, this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("org", metavar="ORG_ID")
        parser.add_argument("name")
        parser.add_argument("--scopes", nargs="+", default=[Scope.READ, Scope.TRANSCRIBE], metavar="SCOPE")
        parser.add_argument("--days", type=int, metavar="N", help="days until it expires; it never does when not given")
        parser.add_argument("--cap", type=int, metavar="N", help="synapses that it may spend in a month")

    def handle(self, *, org: str, name: str, scopes: list[str], days: int | None, cap: int | None, **options) -> None:
        try:
            issued = issue_key(
                find_organization(org),
                name=name,
                scopes=scopes,
                expires_at=timezone.now() + timedelta(days=days) if days else None,
                monthly_cap_synapses=cap,
            )
        except PolyscribeError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"{issued.key.public_id} {issued.secret}")
