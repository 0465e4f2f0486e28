"""Secrets of a fresh machine: made at random on the first run and kept in DATA_DIR/secrets."""

import contextlib
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from config import env

NAMES = ("SECRET_KEY", "KEY_PEPPER", "ENCRYPTION_KEY")


@dataclass(frozen=True)
class Secrets:
    secret_key: str
    key_pepper: str
    encryption_key: str
    explicit: bool
    """Whether all came from the environment; production on PostgreSQL insists on that (`checks.py`)."""


def load() -> Secrets:
    """Return the secrets from the environment; what is missing there comes from DATA_DIR/secrets."""
    given = {name: env.secret(name) for name in NAMES}
    explicit = all(given.values())
    kept = {} if explicit else _kept(env.DATA_DIR / "secrets")
    chosen = [given[name] or kept[name] for name in NAMES]
    return Secrets(*chosen, explicit=explicit)


def fresh() -> dict[str, str]:
    """Make up a set of secrets, by name."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "KEY_PEPPER": secrets.token_urlsafe(32),
        "ENCRYPTION_KEY": Fernet.generate_key().decode(),
    }


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix="secrets.") as draft:
            json.dump(fresh(), draft, indent=1)
            draft.flush()
            os.fsync(draft.fileno())
            # Web and cluster may start at the same moment: a link appears whole, and for one of them only.
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
    return json.loads(path.read_text())
