"""Make an organization that is ready to work: owner, default collection, synapses, a first key."""

import json

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from billing import services as billing
from core.errors import PolyscribeError
from media.collections import default_collection
from orgs import services as orgs
from orgs.keys import issue_key
from orgs.roles import Scope


class Command(BaseCommand):
    help = "Create an organization with an owner, a default collection, synapses and an access key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="e-mail address of the owner")
        parser.add_argument("--synapses", type=int, default=0, metavar="N", help="synapses to grant at the start")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *, name: str, owner: str, synapses: int, as_json: bool, **options) -> None:
        if not name.strip():
            raise CommandError("The organization needs a name.")
        try:
            validate_email(owner)
            made = _make(name, owner, synapses)
        except ValidationError:
            raise CommandError(f"{owner!r} is not an e-mail address.") from None
        except PolyscribeError as error:
            raise CommandError(error.message) from None
        if as_json:
            self.stdout.write(json.dumps(made))
            return
        self.stdout.write(f"Organization {made['org']}, default collection {made['collection']}.")
        self.stdout.write(f"Access key (shown this once): {made['key']}")


@transaction.atomic
def _make(name: str, owner: str, synapses: int) -> dict[str, str]:
    org = orgs.create_organization(name=name, owner_email=owner)
    billing.open_wallet(org)
    if synapses:
        billing.grant(org, amount=synapses, key=f"start:{org.public_id}", memo="Granted at the start")
    issued = issue_key(org, name="First key", scopes=list(Scope))
    return {"org": org.public_id, "collection": default_collection(org).public_id, "key": issued.secret}
