"""The other side of the comparison: pywhispercpp on its own, fed by the same decoder and blocks.

Run as a process of its own, so that its memory is its own: `python -m bench.bare MODEL RECORDING THREADS`.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import django


def main(model: Path, recording: Path, threads: int) -> None:
    """Print, as one JSON object, seconds of each step and the peak memory of this process in bytes."""
    django.setup()
    import numpy as np
    from pywhispercpp.model import Model

    from bench.settings import BASE_SHAPED
    from media import sandbox
    from transcription.engine import find_blocks
    from transcription.engine.sound import of_block

    engine = Model(
        str(model), n_threads=threads, print_progress=False, print_realtime=False, redirect_whispercpp_logs_to=None
    )
    engine.transcribe(np.zeros(16_000, np.float32), language="en")  # warm, as a worker is
    with tempfile.TemporaryDirectory() as folder:
        clock = _Clock()
        target = Path(folder) / "pcm"
        sandbox.decode(recording, target, max_seconds=86_400, timeout_seconds=600)
        clock.note("decode_seconds")
        pcm = np.memmap(target, dtype=np.float32, mode="r")
        blocks = find_blocks(pcm, model=BASE_SHAPED)
        clock.note("voice_seconds")
        for block in blocks:
            engine.transcribe(of_block(pcm, block), language="en", token_timestamps=True)
        clock.note("engine_seconds")
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({**clock.seconds, "blocks": len(blocks), "peak_bytes": int(peak.split()[1]) * 1024}))


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._at = time.monotonic()

    def note(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step], self._at = now - self._at, now


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
