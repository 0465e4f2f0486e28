"""Settings of the test run: the product's own, on a throw-away data folder."""

import os
import tempfile

if "DATA_DIR" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="polyscribe-tests-")  # removed when the run ends
    os.environ["DATA_DIR"] = _folder.name

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {"version": 1, "disable_existing_loggers": False}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file rather than memory: tests with several threads or processes share it.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # noqa: F405
OUTBOUND_ALLOW = ["127.0.0.0/8"]
