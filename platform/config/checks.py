"""Checks of the configuration, run before every start (`manage.py check --deploy`)."""

from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.security, deploy=False)
def production_names_its_secrets(app_configs, **kwargs) -> list[Error]:
    """Refuse PostgreSQL without explicit secrets: several machines must not each make up their own."""
    on_postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    if settings.DEBUG or settings.SECRETS_ARE_EXPLICIT or not on_postgres:
        return []
    return [
        Error(
            "SECRET_KEY, KEY_PEPPER and ENCRYPTION_KEY must be set when the data is in PostgreSQL.",
            hint="Run `manage.py new_secrets` once and put its lines into the environment of every machine.",
            id="polyscribe.E001",
        )
    ]
