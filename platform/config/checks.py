"""Checks of the configuration, run before every start (`manage.py check --deploy`)."""

from ipaddress import ip_network

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from config.cluster import CLUSTERS, WORKERS
from transcription.engine import catalogue
from transcription.engine.errors import UnknownModel
from transcription.options import DEVICES

_POSITIVE = (
    "JOB_DEADLINE_SECONDS",
    "JOB_LEASE_SECONDS",
    "JOB_MAX_FAILURES",
    "MEDIA_MAX_BYTES",
    "MEDIA_MAX_SECONDS",
    "RECONCILE_SECONDS",
    "WHISPER_THREADS",
)


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


@register()
def networks_are_networks(app_configs, **kwargs) -> list[CheckMessage]:
    """Refuse an OUTBOUND_ALLOW that nothing could be compared with: every link of a customer would fail."""
    found = []
    for network in settings.OUTBOUND_ALLOW:
        try:
            ip_network(network, strict=False)
        except ValueError:
            found.append(network)
    hint = "Write networks as 10.1.0.0/16, separated by commas."
    return [Error(f"OUTBOUND_ALLOW is no network: {text}.", hint=hint, id="polyscribe.E004") for text in found]


@register()
def encryption_key_is_one(app_configs, **kwargs) -> list[CheckMessage]:
    """Refuse a key that cannot encrypt, before the first webhook finds out."""
    try:
        Fernet(settings.ENCRYPTION_KEY)
    except ValueError:
        hint = "`manage.py new_secrets` prints one."
        return [Error("ENCRYPTION_KEY is not 32 bytes in URL-safe base64.", hint=hint, id="polyscribe.E005")]
    return []


@register()
def amounts_are_positive(app_configs, **kwargs) -> list[CheckMessage]:
    """Refuse limits and times that nothing could fit into."""
    wrong = sorted(name for name in _POSITIVE if getattr(settings, name) <= 0)
    wrong += sorted(f"{name.upper().replace('-', '_')}_WORKERS" for name in CLUSTERS if WORKERS.get(name, 1) <= 0)
    return [Error(f"{name} must be more than 0.", id="polyscribe.E006") for name in wrong]


@register()
def device_is_known(app_configs, **kwargs) -> list[CheckMessage]:
    """Refuse a device that no engine knows."""
    if settings.WHISPER_DEVICE in DEVICES:
        return []
    hint = f"Choose one of {', '.join(DEVICES)}."
    return [Error(f"There is no device {settings.WHISPER_DEVICE}.", hint=hint, id="polyscribe.E007")]
