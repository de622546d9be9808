"""A worker's hold on its zygote: start it, ask it for kernels, hear when they end.

One zygote serves one worker process and outlives many submissions; if it dies it is replaced.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from course_grader import sandbox
from course_grader.kernel import CHANNELS
from course_grader.namespaces import STAGE

_START_SECONDS = 60.0


@dataclass(frozen=True)
class Limits:
    """What one submission may use: address space and scratch in bytes, CPU seconds, processes."""

    memory_bytes: int = 2 << 30
    scratch_bytes: int = 64 << 20
    seconds: int = 120
    processes: int = 64


class KernelLost(RuntimeError):
    """The kernel could not be started, or ended by itself; the message says why."""


@dataclass
class ForkedKernel:
    """A running kernel: where it listens, what key signs its messages, how it ended.

    `cpu` is how many seconds of processor time it took.
    `alarm` is the read end of the pipe that its tripwires write to.
    """

    address: str
    key: str
    alarm: int
    pid: int = 0
    status: int | None = None
    reason: str = ""
    cpu: float = 0.0


class Zygote:
    """The worker's end of one zygote process.

    Parameters
    ----------
    sandboxed : bool
        Shut the zygote, and with it every kernel, in with bubblewrap.
    packages, visible : sequence of str
        What student code may import and see; see `sandbox.command`.

    Raises
    ------
    KernelLost
        If the process does not come up.
    """

    def __init__(
        self, *, sandboxed: bool, packages: Sequence[str] = (), visible: Sequence[str] = ()
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="course-grade-"))
        self._close = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self.stage = self._folder / "stage"
        self.stage.mkdir()
        self._kernels = 0
        self._current: ForkedKernel | None = None
        self._failure = ""
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stage = str(STAGE if sandboxed else self.stage)
        line = [sys.executable, "-m", "course_grader.zygote", str(theirs.fileno())]
        line += ["1" if sandboxed else "0", stage, *_importable(packages)]
        if sandboxed:
            line = [*sandbox.command(self.stage, packages=packages, visible=visible), *line]
        environment = sandbox.environment() if sandboxed else {**os.environ, **_ONE_THREAD}
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd="/",
            )
        theirs.close()
        self._control = ours
        self._finish = weakref.finalize(self, _end, self._process, ours)
        self._control.settimeout(_START_SECONDS)
        if self._receive() != "ready":
            raise KernelLost(f"the parent of all kernels did not start: {self._last_words()}")

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process with all that it started, and remove its folder."""
        self._finish()
        self._close()

    def launch(self, *, stage: str | None, env: Mapping[str, str], limits: Limits) -> ForkedKernel:
        """Fork a kernel whose working folder holds a copy of ``stage / <name>``."""
        with self._lock:
            self._kernels += 1
            address = str(self._folder / f"k{self._kernels}")
            scratch = self._folder / f"scratch{self._kernels}"
            sockets = [_listen(f"{address}-{port}") for port, _ in enumerate(CHANNELS, 1)]
            key = secrets.token_hex(16)
            request = {"op": "fork", "key": key, "stage": stage, "env": dict(env)}
            request |= {"limits": asdict(limits), "scratch": str(scratch)}
            alarm, wire = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            kernel = ForkedKernel(address, key, alarm)
            self._current, self._failure = kernel, ""
            try:
                descriptors = [*(listening.fileno() for listening in sockets), wire]
                socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
            except OSError as error:
                self.forget(kernel)
                raise KernelLost(f"no kernel could be forked: {error}") from None
            finally:
                os.close(wire)
                for listening in sockets:
                    listening.close()
            self._control.settimeout(_START_SECONDS)
            if self._receive() != "forked":
                self.forget(kernel)
                raise KernelLost(f"no kernel could be forked: {self._last_words()}")
            return kernel

    def signal(self, signum: int) -> None:
        """Send a signal to the running kernel."""
        with contextlib.suppress(OSError):
            self._control.send(json.dumps({"op": "signal", "signum": int(signum)}).encode())

    def poll(self, kernel: ForkedKernel, timeout: float = 0.0) -> int | None:
        """Return the exit status of a kernel, waiting up to `timeout` seconds; None: it runs."""
        with self._lock:
            while kernel.status is None:
                self._control.settimeout(timeout)
                if self._receive() is None:
                    break
            return kernel.status

    def forget(self, kernel: ForkedKernel) -> None:
        """Remove the sockets and, outside a sandbox, the scratch folder of an ended kernel."""
        if kernel.alarm >= 0:
            os.close(kernel.alarm)
            kernel.alarm = -1
        for port, _ in enumerate(CHANNELS, 1):
            Path(f"{kernel.address}-{port}").unlink(missing_ok=True)
        number = kernel.address.rpartition("k")[2]
        shutil.rmtree(self._folder / f"scratch{number}", ignore_errors=True)

    def _receive(self) -> str | None:
        """Take in one message and return its event; None on a timeout; "gone" at the end."""
        try:
            packet = self._control.recv(1 << 16)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError:
            packet = b""
        if not packet:
            if self._current is not None and self._current.status is None:
                self._current.status, self._current.reason = 1, "the sandbox ended"
            return "gone"
        message = json.loads(packet)
        event = str(message["event"])
        current = self._current
        if current is not None and event == "forked":
            current.pid = message["pid"]
        elif current is not None and event == "failed":
            self._failure = message["reason"]
        elif current is not None and event == "exit" and message["pid"] == current.pid:
            current.status = message["status"]
            current.reason = message["reason"] or self._failure
            current.cpu = message["cpu"]
        return event

    def _last_words(self) -> str:
        lines = (self._folder / "log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self._process.poll()}"


_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _importable(packages: Sequence[str]) -> list[str]:
    return [name for name in packages if sandbox.package_folder(name.partition(".")[0])]


def _listen(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(path)
    listening.listen(16)
    listening.setblocking(False)
    return listening


def _end(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    control.close()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
