"""Checks of the configuration, run before every start (`manage.py check --deploy`)."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from config.cluster import CLUSTERS, WORKERS
from transcription.engine import catalogue
from transcription.engine.errors import UnknownModel


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


@register(Tags.security, deploy=True)
def production_names_its_hosts(app_configs, **kwargs) -> list[CheckMessage]:
    """Warn of answering under any name: whoever chooses the Host header chooses the links in mails and answers."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Set ALLOWED_HOSTS to the names under which people and programs reach this installation."
    return [Warning("Every host name is answered.", hint=hint, id="polyscribe.W001")]


@register()
def clusters_are_known(app_configs, **kwargs) -> list[CheckMessage]:
    """Refuse a cluster that nobody would ever ring for."""
    unknown = sorted(set(CLUSTERS) - set(WORKERS))
    if not unknown:
        return []
    hint = f"There are: {', '.join(WORKERS)}."
    return [Error(f"CLUSTERS names what does not exist: {', '.join(unknown)}.", hint=hint, id="polyscribe.E002")]


@register()
def model_is_known(app_configs, **kwargs) -> list[CheckMessage]:
    """Refuse a model that is in no catalogue, before the first job finds out."""
    try:
        catalogue.resolve(settings.WHISPER_MODEL)
    except UnknownModel as error:
        return [Error(error.message, hint="Set WHISPER_MODEL to one of them.", id="polyscribe.E003")]
    return []
