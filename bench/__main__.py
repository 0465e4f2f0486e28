"""Measure, print, and write bench/results.json: `make bench`, or `make bench ARGS=--quick`."""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import django

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="pairs of whole path and bare engine")
    parser.add_argument("--quick", action="store_true", help="latencies only, a minute instead of ten")
    parser.add_argument("--postgres", action="store_true", help="measure latencies on PostgreSQL, too")
    wishes = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="polyscribe-bench-") as folder:
        for figure in _measure(Path(folder), wishes):
            verdict = "met" if figure.is_met else "MISSED"
            print(f"{figure.name:38} {figure.value:9.2f} {figure.unit:16} aim {figure.aim:<6} {verdict:7} {figure.how}")
            found.append({**asdict(figure), "value": round(figure.value, 3), "is_met": figure.is_met})
    machine = {"cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()}
    RESULTS.write_text(json.dumps({"machine": machine, "figures": found}, indent=1) + "\n")


def _measure(folder: Path, wishes: argparse.Namespace) -> Iterator:
    from bench import figures

    for database in ("sqlite", "postgres") if wishes.postgres else ("sqlite",):
        yield from figures.latencies(folder, database=database)
    if not wishes.quick:
        yield from figures.memory_of_long_files(folder / "memory")
        yield from figures.whole_path(folder / "path", rounds=wishes.rounds, threads=os.cpu_count() or 1)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    main()
