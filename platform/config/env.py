"""The environment, read in this one file. Everything has a default that runs on a laptop."""

from pathlib import Path

import environ
from environ.fileaware_mapping import FileAwareMapping

ROOT = Path(__file__).resolve().parents[2]


class _Environment(FileAwareMapping):
    """The process's environment; NAME_FILE=/run/secrets/x is read where NAME is asked for."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name).rstrip("\r\n")  # an editor's line end is no part of a secret


class _Env(environ.FileAwareEnv):
    ENVIRON = _Environment()


env = _Env()
env.read_env(ROOT / ".env", overwrite=False)

text = env.str
flag = env.bool
whole = env.int
number = env.float
listing = env.list
database = env.db_url_config
cache = env.cache_url
mail = env.email_url


def secret(name: str) -> str:
    """Return a variable exactly as it stands, or "": `text` would take a leading `$` for another variable's name."""
    return env.ENVIRON.get(name, "")


DATA_DIR = Path(text("DATA_DIR", default=str(ROOT / "var"))).resolve()
