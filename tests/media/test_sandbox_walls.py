"""The child can reach nothing but what it was handed, and its answer is not believed."""

import logging
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import Unavailable
from media import errors, sandbox
from media.sandbox import Walls, process
from tests.media import clips, hostile
from tests.media.children import LINUX, about, children

NAME = "contract with Globex, signed.mp3"
LIMITS = {
    "Max cpu time": 61,
    "Max file size": 50_000 * 16_000 * 4,
    "Max core file size": 0,
    "Max processes": 0,
    "Max open files": 16,
    "Max address space": 2 << 30,
}
ANSWERS = {
    "nothing": "pass",
    "no JSON": "print('done')",
    "a list": "print('[1, 2]')",
    "a number that is none": "print('{\"seconds\": NaN}')",
    "brackets without end": "print('[' * 16_000)",
    "words without end": "while True: print(' ' * 1_000)",
    "other fields": "print('{}')",
    "other types": """print('{"seconds": "1", "audio": 1, "video": 2}')""",
    "an endless recording": """print('{"seconds": 1e999, "audio": null, "video": null}')""",
    "a negative length": """print('{"seconds": -1, "audio": null, "video": null}')""",
    "a sentence for a codec": """print('{"seconds": 1, "audio": {"codec": "a <b>", "sample_rate": 1, "channels": 1},\
 "video": null}')""",
    "an unknown refusal": """print('{"refused": "because"}')""",
    "a refusal of another type": """print('{"refused": ["damaged"]}')""",
    "a crash": f"import os; os.kill(os.getpid(), {signal.SIGSEGV.value})",
    "silence": "import os, time; os.close(1); time.sleep(60)",
}


@dataclass(frozen=True)
class Seen:
    """What Linux shows about a child at work."""

    session: int
    folder: Path
    open_files: set[str]
    command: bytes
    environment: bytes
    limits: str

    @classmethod
    def of(cls, pid: int) -> "Seen":
        return cls(
            session=os.getsid(pid),
            folder=Path(f"/proc/{pid}/cwd").readlink(),
            open_files={link.readlink().name.split(":")[0] for link in Path(f"/proc/{pid}/fd").iterdir()},
            command=about(pid, "cmdline"),
            environment=about(pid, "environ"),
            limits=about(pid, "limits").decode(),
        )


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uploads")
    path = hostile.hours_of_silence(folder / NAME, hours=3, rate=8_000)
    found = []

    def look(seconds: float) -> None:
        if seconds:  # with the first sound, all walls stand
            found.extend(map(Seen.of, children()))

    def enough() -> bool:
        return bool(found)

    with pytest.raises(errors.DecodeStopped):
        sandbox.decode(
            path, folder / "pcm", max_seconds=50_000, timeout_seconds=60, on_progress=look, should_stop=enough
        )
    return found[0]


@pytest.fixture
def clip(tmp_path):
    return clips.make(tmp_path / NAME, clips.RECIPES["wav"])


@pytest.fixture
def captured(tmp_path, monkeypatch):
    """Have children run another program, as a decoder would that the upload has taken over."""

    def run_instead(program: str) -> None:
        path = tmp_path / "captured.py"
        path.write_text(f"print('ready', flush=True)\n{program}")
        monkeypatch.setattr(process, "MAIN", path)

    return run_instead


@LINUX
def test_every_wall_holds_the_child_back():
    assert sandbox.try_walls() == Walls(files=True, network=True, processes=True)


@LINUX
def test_the_child_has_no_environment(seen):
    assert seen.environment == b""


@LINUX
def test_the_name_of_an_upload_does_not_reach_the_child(seen):
    assert b"Globex" not in seen.command


@LINUX
def test_the_child_starts_without_the_product_on_its_path(seen):
    assert seen.command.split(b"\0")[1:3] == [b"-I", b"-S"]


@LINUX
def test_the_child_is_in_a_session_of_its_own(seen):
    assert seen.session != os.getsid(0)
    assert seen.folder == Path("/")


@LINUX
def test_the_child_holds_nothing_open_but_upload_output_and_answer(seen):
    assert seen.open_files == {NAME, "pcm", "pipe", "null"}


@LINUX
@pytest.mark.parametrize(("name", "most"), LIMITS.items(), ids=LIMITS.keys())
def test_the_child_is_limited(name, most, seen):
    (line,) = (line for line in seen.limits.splitlines() if line.startswith(name))

    assert line.removeprefix(name).split()[:2] == [str(most), str(most)]


@pytest.mark.parametrize("program", ANSWERS.values(), ids=ANSWERS.keys())
def test_what_a_captured_child_says_is_not_believed(program, clip, captured):
    captured(program)

    with pytest.raises(errors.Damaged):
        sandbox.probe(clip, timeout_seconds=5)


def test_a_captured_child_that_wrote_nothing_has_decoded_nothing(clip, tmp_path, captured):
    captured("print('{}')")

    with pytest.raises(errors.Damaged):
        sandbox.decode(clip, tmp_path / "pcm", max_seconds=60, timeout_seconds=5)


def test_a_child_without_an_answer_is_logged_without_names(clip, captured, caplog):
    captured(ANSWERS["a crash"])

    with caplog.at_level(logging.WARNING), pytest.raises(errors.Damaged):
        sandbox.probe(clip, timeout_seconds=5)

    (message,) = caplog.messages
    assert message == "A media child gave no answer: task probe, exit status -11."


def test_a_child_that_cannot_start_is_not_the_fault_of_the_file(clip, monkeypatch, caplog):
    monkeypatch.setattr(process, "MAIN", clip.with_name("no program"))

    with pytest.raises(Unavailable):
        sandbox.probe(clip, timeout_seconds=5)

    assert caplog.messages == ["A media child could not start: task probe, exit status 2."]
