"""The two long-lived programs of an installation, as commands for child processes and for exec."""

import os
import sys

from config import env

CLUSTER = (sys.executable, str(env.ROOT / "manage.py"), "cluster")
WEB = (sys.executable, "-m", "gunicorn", "--config", "python:config.web", "config.wsgi:application")


def environment() -> dict[str, str]:
    """Return this process's environment, with which another Python finds the product even if it is not installed."""
    folders = [str(env.ROOT), str(env.ROOT / "platform"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
