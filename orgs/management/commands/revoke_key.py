"""Make an access key useless."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import PolyscribeError
from orgs.keys import revoke_key
from orgs.queries import find_key, find_organization


class Command(BaseCommand):
    help = "Revoke an access key at once. The key is named by its id, or by the characters that it begins with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("org", metavar="ORG_ID")
        parser.add_argument("key", metavar="KEY", help="key_… or the beginning, sk-…")

    def handle(self, *, org: str, key: str, **options) -> None:
        try:
            found = find_key(find_organization(org), key)
        except PolyscribeError as error:
            raise CommandError(error.message) from None
        revoke_key(found)
        self.stdout.write(f"{found} is revoked.")
