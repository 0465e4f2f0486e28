from django.db import migrations

from core.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        append_only(
            "billing_transfer",
            # Erasing a person overwrites actor and memo; what a transfer does stays for ever.
            frozen=(
                "id",
                "public_id",
                "key",
                "kind",
                "code",
                "debit_id",
                "credit_id",
                "amount",
                "resolves_id",
                "job",
                "spender",
                "created_at",
            ),
        ),
    ]
