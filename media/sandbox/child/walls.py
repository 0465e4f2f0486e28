"""The walls around this process: after `raise_all` it can compute, and use what it already holds open.

Each wall stands alone and is raised as far as the system allows; `standing` finds out by running against them.
Constants are those of the Linux headers <linux/prctl.h>, <linux/landlock.h>, <linux/seccomp.h>, <linux/audit.h>.
"""

import ctypes
import errno
import os
import resource
import signal
import socket
import struct
import sys
from contextlib import suppress

ON_LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000

LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446  # system calls, the same on every machine
LANDLOCK_CREATE_RULESET_VERSION = 1
# How many kinds of access to files each version of Landlock knows; later ones know as many as version 5.
LANDLOCK_ACCESS_KINDS = {1: 13, 2: 14, 3: 15, 4: 15}

# The machine's name for seccomp, then socket, fork, vfork, clone, clone3, execve, execveat, kill, ptrace,
# process_vm_readv, process_vm_writev, io_uring_setup as far as the machine has them.
FORBIDDEN_CALLS = {
    "x86_64": (0xC000_003E, (41, 57, 58, 56, 435, 59, 322, 62, 101, 310, 311, 425)),
    "aarch64": (0xC000_00B7, (198, 220, 435, 221, 281, 129, 117, 270, 271, 425)),
}
X32_CALLS = 0x4000_0000  # x86_64 has a second door to every call: the same numbers with this bit
BPF_LOAD_WORD, BPF_JUMP_EQUAL, BPF_JUMP_AT_LEAST, BPF_RETURN = 0x20, 0x15, 0x35, 0x06
SECCOMP_MODE_FILTER, SECCOMP_ALLOW, SECCOMP_ERRNO = 2, 0x7FFF_0000, 0x0005_0000
OFFSET_OF_CALL, OFFSET_OF_MACHINE = 0, 4


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the one that started it dies."""
    if ON_LINUX:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit(1)


def raise_all(*, parent: int, memory_bytes: int, cpu_seconds: int, output_bytes: int) -> None:
    """Raise every wall; call it after the last import and before the first hostile byte."""
    if ON_LINUX:
        LIBC.unshare(CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET)
        die_with(parent)  # once more: the kernel may forget it when credentials change, as they do in a new namespace
        LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _limit(memory_bytes=memory_bytes, cpu_seconds=cpu_seconds, output_bytes=output_bytes)
    if ON_LINUX:
        _close_file_system()
        _forbid_calls()


def standing() -> dict[str, bool]:
    """Run against each wall: True where this process was held back."""
    return {
        "files": not _succeeds(lambda: os.close(os.open("/", os.O_RDONLY))),
        "network": not _succeeds(_reach_out),
        "processes": not _succeeds(_fork),
    }


def _limit(*, memory_bytes: int, cpu_seconds: int, output_bytes: int) -> None:
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: output_bytes,
        resource.RLIMIT_NOFILE: 16,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in limits.items():
        with suppress(OSError, ValueError):  # already lower, or unknown to this system
            resource.setrlimit(which, (most, most))


def _close_file_system() -> None:
    """Landlock with no rule at all: no path can be opened, made, moved or removed; open files stay usable."""
    version = LIBC.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION)
    if version < 1:
        return
    handled = struct.pack("=Q", (1 << LANDLOCK_ACCESS_KINDS.get(version, 16)) - 1)
    ruleset = LIBC.syscall(LANDLOCK_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)
    if ruleset >= 0:
        LIBC.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


def _forbid_calls() -> None:
    """Seccomp: no socket, no new process or thread, no other program, no look into other processes."""
    machine, calls = FORBIDDEN_CALLS.get(os.uname().machine, (0, ()))
    if not machine:
        return
    tests = [(BPF_JUMP_AT_LEAST, X32_CALLS), *((BPF_JUMP_EQUAL, call) for call in calls)]
    to_refusal = [len(tests) - place for place in range(len(tests))]  # over the remaining tests and the allowance
    program = [
        (BPF_LOAD_WORD, 0, 0, OFFSET_OF_MACHINE),
        (BPF_JUMP_EQUAL, 0, len(tests) + 2, machine),
        (BPF_LOAD_WORD, 0, 0, OFFSET_OF_CALL),
        *((code, jump, 0, value) for (code, value), jump in zip(tests, to_refusal, strict=True)),
        (BPF_RETURN, 0, 0, SECCOMP_ALLOW),
        (BPF_RETURN, 0, 0, SECCOMP_ERRNO | errno.EPERM),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, struct.pack("@HP", len(program), ctypes.addressof(code)), 0, 0)


def _succeeds(attempt) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _reach_out() -> None:
    # Connecting a datagram socket sends nothing; 192.0.2.1 is the documentation's address (RFC 5737).
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outgoing:
        outgoing.connect(("192.0.2.1", 9))


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
