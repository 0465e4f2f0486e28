"""The child: does one task behind walls and answers on standard output, "ready" first and then one line of JSON.

Run as `python -I -S main.py REQUEST`: without an environment, without site-packages, without the product on its path.
REQUEST is the JSON object that `media.sandbox.process` writes. All it may read or write comes as open descriptors.
"""

import json
import sys
from pathlib import Path

REQUEST = json.loads(sys.argv[1])
sys.path[:0] = [str(Path(__file__).parent), REQUEST["packages"]]

import walls  # noqa: E402

walls.die_with(REQUEST["parent"])

import av  # noqa: E402
import av.subtitles.codeccontext  # noqa: E402, F401 - loaded on demand by PyAV, and on demand would be too late
import av.subtitles.stream  # noqa: E402, F401
import container  # noqa: E402
import sound  # noqa: E402
from refusal import Refusal  # noqa: E402


def probe(*, media: int, demuxer: str) -> dict:
    return container.describe(container.open_container(media, demuxer=demuxer))


def decode(*, media: int, demuxer: str, output: int, limit_samples: int) -> dict:
    opened = container.open_container(media, demuxer=demuxer)
    sound.decode(opened, container.choose_sound(opened), descriptor=output, limit_samples=limit_samples)
    return {}


def try_walls() -> dict:
    return walls.standing()


TASKS = {task.__name__: task for task in (probe, decode, try_walls)}


def answer() -> dict:
    try:
        return TASKS[REQUEST["task"]](**REQUEST["arguments"])
    except Refusal as refusal:
        return {"refused": refusal.code}
    except (av.FFmpegError, MemoryError, ValueError):
        return {"refused": "damaged"}


walls.raise_all(parent=REQUEST["parent"], **REQUEST["limits"])
sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdout.write(json.dumps(answer()) + "\n")
