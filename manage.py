#!/usr/bin/env python
"""Run Polyscribe's management commands."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    # `platform/` is a folder and never a package: without this line its packages (config, core, dialects …)
    # could not be found, with an __init__.py in it Python's own `platform` module would be lost.
    sys.path.insert(1, str(ROOT / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
