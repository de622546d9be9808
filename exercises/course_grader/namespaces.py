"""The Linux calls that shut a forked kernel in: namespaces, mounts, limits, privileges.

Everything here runs in the forked process itself, before a student's first line does, and none of
it can be undone afterwards by a process without capabilities.
"""

import contextlib
import ctypes
import os
import random
import resource
import shutil
import signal
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

SCRATCH = Path("/scratch")
"""The only folder that a sandboxed kernel can write to: a tmpfs of its own, gone with it."""
STAGE = Path("/stage")
"""Where the worker lays out a submission's data files, read-only, for the fork to copy."""

_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWUTS = 0x00020000, 0x08000000, 0x04000000
_CLONE_NEWPID, _CLONE_NEWNET = 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_BIND, _MS_REC, _MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = (
    1,
    4,
    24,
    38,
    47,
)
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_SPARE_UIDS = range(61184, 65520)  # the range that systemd too hands out to passing users


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _mount(source: str, target: Path, kind: str | None, flags: int, data: str = "") -> None:
    _call(
        "mount",
        source.encode(),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode(),
    )


@contextlib.contextmanager
def new_pid_namespace() -> Iterator[None]:
    """Let the one process forked inside become PID 1 of a namespace: when it ends, all in it do."""
    parent = os.getpid()
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call("unshare", _CLONE_NEWPID)
        try:
            yield
        finally:
            if os.getpid() == parent:
                _call("setns", own, _CLONE_NEWPID)
    finally:
        os.close(own)


def leave_the_network() -> None:
    """Enter a network namespace whose only interface is down: not even 127.0.0.1 answers."""
    _call("unshare", _CLONE_NEWNET)


def private_filesystem(scratch_bytes: int, stage: str | None) -> Path:
    """Mount a private scratch folder and `/proc`, copy the staged files; return the folder."""
    _call("unshare", _CLONE_NEWNS | _CLONE_NEWIPC | _CLONE_NEWUTS)
    _mount("none", Path("/"), None, _MS_REC | _MS_PRIVATE)
    _mount(
        "tmpfs",
        SCRATCH,
        "tmpfs",
        _MS_NOSUID | _MS_NODEV,
        f"size={scratch_bytes},nr_inodes=8192,mode=0777",
    )
    for target in (Path("/tmp"), Path("/dev/shm")):
        private = SCRATCH / f".{target.name}"
        private.mkdir()
        private.chmod(0o777)
        if {path.name for path in target.iterdir()} <= {"matplotlib"}:
            _mount(str(private), target, None, _MS_BIND)
        else:  # Python itself is installed below: leave it in sight, but nothing to write to
            flags = _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV
            _mount("none", target, None, flags)
    _mount("proc", Path("/proc"), "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    work = stage_files(STAGE, stage, SCRATCH / "work")
    _mount("tmpfs", STAGE, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_RDONLY)  # seen enough of it
    return work


def stage_files(source: Path, stage: str | None, work: Path) -> Path:
    """Copy the staged data files (none, if `stage` is None) into a new folder `work`."""
    (work.parent / ".tmp").mkdir(parents=True, exist_ok=True)
    if stage is None:
        work.mkdir(parents=True)
    else:
        shutil.copytree(source / stage, work)
    for path in (work, *work.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    return work


def limit_resources(limits: Mapping[str, int], *, sandboxed: bool) -> None:
    """Set hard limits for this process and all it starts: bytes, seconds, processes, files.

    Outside a sandbox, processes are not limited: all of the user's would count.
    """
    processes = limits["processes"] if sandboxed else resource.RLIM_INFINITY
    for kind, limit in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_FSIZE, limits["scratch_bytes"]),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 1 << 16),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        finite = [value for value in (limit, hard) if value != resource.RLIM_INFINITY]
        allowed = min(finite, default=resource.RLIM_INFINITY)
        resource.setrlimit(kind, (allowed, allowed))


def drop_privileges() -> None:
    """Give up every capability for good; root becomes a user that owns nothing."""
    if os.geteuid() == 0:
        for capability in range(64):
            with contextlib.suppress(OSError):
                _call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
        uid = random.choice(_SPARE_UIDS)
        with contextlib.suppress(OSError):  # a container may not map that user
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
    with contextlib.suppress(OSError):
        _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    _call("capset", header, bytes(24))
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def die_with_parent(*, secret: bool) -> None:
    """Ask the kernel to end this process with its parent; `secret` hides its memory from peers."""
    _call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if secret:
        _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
