"""Django's settings. Values come from `env`; defaults run on a fresh machine without any server."""

import os

from config import env, secrets
from config.cluster import Q_CLUSTER  # noqa: F401  (django-q2 reads it from here)

DATA_DIR = env.DATA_DIR
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # transcripts are in here, for nobody else on this machine

_secrets = secrets.load()
SECRET_KEY = _secrets.secret_key
KEY_PEPPER = _secrets.key_pepper
ENCRYPTION_KEY = _secrets.encryption_key
SECRETS_ARE_EXPLICIT = _secrets.explicit

DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", default=["*"])
PUBLIC_URL = env.text("PUBLIC_URL", default="")  # scheme://host in absolute links; empty: the request's own

# --- Applications -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_q",
    "rest_framework",
    "orgs",
    "billing",
    "media",
    "transcription",
    "config",
]
AUTH_USER_MODEL = "orgs.User"
MIDDLEWARE = [
    "config.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [env.ROOT / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
APPEND_SLASH = False  # a redirected POST loses its body: both spellings of a path are served

# --- Data -------------------------------------------------------------------------------------------------------------

_sqlite = f"sqlite:///{DATA_DIR / 'polyscribe.sqlite3'}"
DATABASES = {"default": env.database(env.text("DATABASE_URL", default="") or _sqlite)}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Recursive triggers: else REPLACE would remove a row of an append-only table unnoticed.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}

STORAGE_BUCKET = env.text("STORAGE_BUCKET", default="")
_disk = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": DATA_DIR / "blobs", "file_permissions_mode": 0o600},
}
_s3 = {
    "bucket_name": STORAGE_BUCKET,
    "endpoint_url": env.text("STORAGE_ENDPOINT_URL", default="") or None,
    "region_name": env.text("STORAGE_REGION", default="") or None,
    "access_key": env.text("STORAGE_ACCESS_KEY", default="") or None,
    "secret_key": env.text("STORAGE_SECRET_KEY", default="") or None,
    "addressing_style": "path",
    "signature_version": "s3v4",
    "file_overwrite": False,
    "max_memory_size": 8 * 1024**2,  # bytes of a file that may be held in memory while it is read
    "querystring_expire": 300,
}
# What a browser is sent to may have another name than what our own machines talk to; its links are signed for that.
_public_s3 = _s3 | {"endpoint_url": env.text("STORAGE_PUBLIC_ENDPOINT_URL", default="") or _s3["endpoint_url"]}
STORAGES = {
    "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _s3} if STORAGE_BUCKET else _disk,
    "links": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _public_s3} if STORAGE_BUCKET else _disk,
}

# --- Limits and lives -------------------------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # bytes of a request body other than files
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)
MEDIA_MAX_BYTES = env.whole("MEDIA_MAX_BYTES", default=5 * 1024**3)
MEDIA_MAX_SECONDS = env.whole("MEDIA_MAX_SECONDS", default=12 * 3600)
MEDIA_PROBE_TIMEOUT_SECONDS = env.whole("MEDIA_PROBE_TIMEOUT_SECONDS", default=20)
DECODE_TIMEOUT_SECONDS = env.whole("DECODE_TIMEOUT_SECONDS", default=3600)
FETCH_TIMEOUT_SECONDS = env.whole("FETCH_TIMEOUT_SECONDS", default=3600)
UPLOAD_LIFETIME_SECONDS = env.whole("UPLOAD_LIFETIME_SECONDS", default=24 * 3600)
FILE_LINK_LIFETIME_SECONDS = env.whole("FILE_LINK_LIFETIME_SECONDS", default=24 * 3600)
OUTBOUND_ALLOW = env.listing("OUTBOUND_ALLOW", default=[])  # CIDRs exempt from the address, port and scheme rules
X_ACCEL_PREFIX = env.text("X_ACCEL_PREFIX", default="")  # nginx's internal location over DATA_DIR/blobs
ASYNC_HOLD_SECONDS = env.number("ASYNC_HOLD_SECONDS", default=20)  # a poll waits so long for its job
ASYNC_HOLD_SEATS = env.whole("ASYNC_HOLD_SEATS", default=6)  # polls that may wait at once in one process

JOB_LEASE_SECONDS = env.number("JOB_LEASE_SECONDS", default=60)
JOB_RETRY_SECONDS = env.number("JOB_RETRY_SECONDS", default=5)
JOB_MAX_FAILURES = env.whole("JOB_MAX_FAILURES", default=3)
JOB_DEADLINE_SECONDS = env.whole("JOB_DEADLINE_SECONDS", default=3 * 24 * 3600)
RECONCILE_SECONDS = env.number("RECONCILE_SECONDS", default=5)

# --- The supervisor and the health page -------------------------------------------------------------------------------

SUPERVISE_SECONDS = env.number("SUPERVISE_SECONDS", default=5)  # between two looks at the clusters
CANARY_SECONDS = env.number("CANARY_SECONDS", default=60)  # patience with a cluster in which something does not move
DRAIN_SECONDS = env.number("DRAIN_SECONDS", default=20)  # for workers to put their work down when the machine stops
SWEEP_SECONDS = env.number("SWEEP_SECONDS", default=600)
HEALTH_FREE_BYTES = env.whole("HEALTH_FREE_BYTES", default=1024**3)  # less disk than this is an alarm
HEALTH_QUEUE_SECONDS = env.whole("HEALTH_QUEUE_SECONDS", default=24 * 3600)  # and so is a job that waits this long

# --- Engine -----------------------------------------------------------------------------------------------------------

MODEL_DIR = DATA_DIR / "models"
WHISPER_MODEL = env.text("WHISPER_MODEL", default="demo")
WHISPER_THREADS = env.whole("WHISPER_THREADS", default=os.cpu_count() or 1)
WHISPER_DEVICE = env.text("WHISPER_DEVICE", default="auto")  # cpu, cuda or auto: what the workers of this host use
TRANSCRIBE_DEVICES = env.listing("TRANSCRIBE_DEVICES", default=["cpu"])  # what this installation's workers have

# --- The rest of the world --------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=False)
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # asked from inside, where there is no TLS
SECURE_HSTS_SECONDS = env.whole("SECURE_HSTS_SECONDS", default=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_SECONDS > 0
SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.flag("COOKIES_OVER_HTTPS_ONLY", default=False)
if env.flag("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"scrub": {"()": "config.logs.Scrub"}},
    "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["scrub"]}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},
    },
}
