from django.db import migrations

from core.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_initial")]

    operations = [
        append_only(
            "orgs_auditevent",
            # Erasing a person overwrites actor, address and details.
            frozen=("id", "org_id", "action", "target", "request_id", "created_at"),
        ),
    ]
