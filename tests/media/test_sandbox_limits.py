"""The sandbox keeps to its limits: length, time, memory and disk; and it leaves nothing behind."""

import multiprocessing
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.errors import Unavailable
from media import errors, sandbox
from tests.media import clips, hostile
from tests.media.children import LINUX, children, peak_kilobytes, wait_until

ROOT = Path(__file__).parents[2]
CHILD_KILOBYTES = 100_000


@pytest.fixture(scope="module")
def silence(tmp_path_factory):
    """Three hours of nothing in two megabytes."""
    return hostile.hours_of_silence(tmp_path_factory.mktemp("bombs") / "silence", hours=3, rate=8_000)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two seconds of a tone."""
    return clips.make(tmp_path_factory.mktemp("clips") / "clip", clips.RECIPES["wav"])


@dataclass
class Watched:
    """What was seen while three hours were decoded."""

    seconds: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    decoded: sandbox.Decoded | None = None

    def look(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.peaks.extend(map(peak_kilobytes, children()))


@pytest.fixture(scope="module")
def watched(silence, tmp_path_factory):
    seen = Watched()
    seen.decoded = decode(silence, tmp_path_factory.mktemp("watched") / "decoded.pcm", on_progress=seen.look)
    return seen


@pytest.fixture
def to(tmp_path):
    return tmp_path / "decoded.pcm"


def decode(path, to, **options):
    return sandbox.decode(path, to, **{"max_seconds": 50_000, "timeout_seconds": 60, **options})


def test_a_recording_as_long_as_the_limit_is_decoded(clip, to):
    assert decode(clip, to, max_seconds=2).samples == 32_000


def test_one_sample_more_than_the_limit_is_too_long(clip, to):
    with pytest.raises(errors.TooLong) as refusal:
        decode(clip, to, max_seconds=2 - 1 / 16_000)

    assert refusal.value.details == {"limit_seconds": 2 - 1 / 16_000}


def test_a_small_file_of_many_hours_stops_at_the_limit(silence, to):
    start = time.monotonic()

    with pytest.raises(errors.TooLong):
        decode(silence, to, max_seconds=60)

    assert time.monotonic() - start < 2
    assert not to.exists()


def test_the_wall_clock_ends_a_child_that_works_too_long(silence, to):
    start = time.monotonic()

    with pytest.raises(errors.SandboxTimeout):
        decode(silence, to, timeout_seconds=0.3)

    assert time.monotonic() - start < 1
    assert not to.exists()


def test_the_wall_clock_ends_a_probe_too(silence):
    with pytest.raises(errors.SandboxTimeout):
        sandbox.probe(silence, timeout_seconds=0.001)


def test_a_stop_ends_the_child_within_a_second(silence, to):
    asked_at = []

    def should_stop() -> bool:
        asked_at.append(time.monotonic())
        return len(asked_at) == 2

    with pytest.raises(errors.DecodeStopped):
        decode(silence, to, should_stop=should_stop)

    assert time.monotonic() - asked_at[-1] < 1
    assert asked_at[1] - asked_at[0] < 1
    assert not to.exists()


def test_progress_grows_while_decoding(watched):
    assert watched.seconds == sorted(watched.seconds)
    assert watched.seconds[0] == 0
    assert 0 < watched.seconds[-1] <= watched.decoded.seconds


@LINUX
def test_hours_of_sound_take_no_more_memory_than_minutes(watched):
    assert len(watched.peaks) > 1
    assert max(watched.peaks) < CHILD_KILOBYTES


@LINUX
def test_what_a_listener_raises_ends_the_child(silence, to):
    def lose_the_lease(_seconds: float) -> None:
        raise LookupError("the lease is lost")

    with pytest.raises(LookupError):
        decode(silence, to, on_progress=lose_the_lease)

    assert children() == set()
    assert not to.exists()


def test_a_full_disk_is_not_the_fault_of_the_file(clip, tmp_path):
    to = tmp_path / "decoded.pcm"
    to.symlink_to("/dev/full")

    with pytest.raises(Unavailable):
        decode(clip, to)


@LINUX
@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({}, None),
        ({"max_seconds": 1}, errors.TooLong),
        ({"timeout_seconds": 0.01}, errors.SandboxTimeout),
        ({"should_stop": lambda: True}, errors.DecodeStopped),
    ],
    ids=["success", "refusal", "timeout", "stop"],
)
def test_nothing_is_left_behind(options, outcome, clip, to):
    before = children(), len(list(Path("/proc/self/fd").iterdir()))

    assert hostile.outcome(lambda: decode(clip, to, **options)) == outcome

    assert (children(), len(list(Path("/proc/self/fd").iterdir()))) == before
    assert {path.name for path in (*clip.parent.iterdir(), *to.parent.iterdir())} - {to.name} == {clip.name}
    assert to.exists() == (outcome is None)


@LINUX
def test_the_child_dies_with_the_process_that_started_it(silence, to):
    program = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from media import sandbox\n"
        "from pathlib import Path\n"
        "sandbox.decode(Path(sys.argv[3]), Path(sys.argv[4]), max_seconds=50_000, timeout_seconds=60)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", program, ROOT, ROOT / "platform", silence, to])
    wait_until(lambda: to.exists() and to.stat().st_size)
    (child,) = children(worker.pid)

    worker.kill()
    worker.wait()

    wait_until(lambda: not Path(f"/proc/{child}").exists())


def test_a_file_stays_as_it_was(clip, to):
    before = clip.read_bytes(), clip.stat()

    decode(clip, to)

    after = clip.read_bytes(), clip.stat()
    assert after[0] == before[0]
    assert (after[1].st_mtime_ns, after[1].st_nlink) == (before[1].st_mtime_ns, before[1].st_nlink)


def test_threads_may_read_at_the_same_time(clip, tmp_path):
    targets = [tmp_path / f"{number}.pcm" for number in range(6)]

    with ThreadPoolExecutor(max_workers=3) as pool:
        decoded = list(pool.map(lambda to: decode(clip, to).samples, targets))

    assert decoded == [32_000] * 6


def test_a_daemonic_worker_may_read(clip, to):
    receiver, sender = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(
        target=lambda: sender.send(decode(clip, to).samples), daemon=True
    )

    worker.start()

    assert receiver.poll(10)
    assert receiver.recv() == 32_000
    worker.join()
