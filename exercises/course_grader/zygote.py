"""The pre-imported parent: it imports everything once and forks a kernel whenever it is asked.

It speaks JSON over one socket with its worker. It runs inside the sandbox and never runs a
student's code; each fork shuts itself in further (see `namespaces`) before it becomes a kernel.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.ultratb import VerboseTB

from course_grader import kernel, namespaces, shortcuts, tripwire
from course_grader.words import words

_POLL_SECONDS = 0.1
PRELOAD = words(
    "asttokens executing faulthandler ipykernel.debugger ipykernel.displayhook ipykernel.ipkernel "
    "IPython.core.completerlib IPython.core.debugger IPython.core.logger IPython.core.oinspect "
    "IPython.extensions.storemagic pdb pure_eval pygments.formatters.terminal256 "
    "pygments.lexers.python pygments.styles.default sqlite3 stack_data stack_data.core "
    "tornado.platform.asyncio"
)
"""Modules that a kernel would import one by one: when it starts, when it shows an error."""


class Zygote:
    """Forks kernels for the worker at the other end of `control`, one at a time.

    Parameters
    ----------
    control : socket.socket
        A sequenced-packet socket; each packet is one JSON object, with descriptors attached when
        a kernel is to be forked.
    sandboxed : bool
        Whether this process is alone in bubblewrap, with the right to make namespaces.
    stage : Path
        Folder with the data files of submissions.
    """

    def __init__(self, control: socket.socket, *, sandboxed: bool, stage: Path) -> None:
        self._control = control
        self._sandboxed = sandboxed
        self._stage = stage
        self._kernel: int | None = None
        self._memory_limit = 0
        self._reason = ""

    def serve(self) -> None:
        """Answer requests until the worker hangs up."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._send(event="ready", pid=os.getpid())
        while True:
            timeout = None if self._kernel is None else _POLL_SECONDS
            ready = select.select([self._control.fileno(), wake_read], [], [], timeout)[0]
            if wake_read in ready:
                os.read(wake_read, 512)
            self._reap()
            if self._kernel is not None:
                self._watch_memory()
            if self._control.fileno() in ready and not self._answer():
                return

    def _send(self, **message: object) -> None:
        with contextlib.suppress(OSError):
            self._control.send(json.dumps(message).encode())

    def _answer(self) -> bool:
        packet, descriptors, _, _ = socket.recv_fds(
            self._control, 1 << 16, 16, socket.MSG_CMSG_CLOEXEC
        )
        if not packet:
            self._signal(signal.SIGKILL)
            return False
        request = json.loads(packet)
        if request["op"] == "fork":
            self._fork(request, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
        elif request["op"] == "signal":
            self._signal(request["signum"])
        return True

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> None:
        boundary = namespaces.new_pid_namespace() if self._sandboxed else contextlib.nullcontext()
        with boundary:
            pid = os.fork()
        if pid == 0:
            status = 1
            try:
                self._become_kernel(request, descriptors)
                status = 0
            except BaseException as error:  # whatever it is, the child must not return
                report = f"{type(error).__name__}: {error}"
                self._send(event="failed", reason=report)
            finally:
                os._exit(status)
        self._kernel = pid
        self._reason = ""
        self._memory_limit = request["limits"]["memory_bytes"]
        self._send(event="forked", pid=pid)

    def _become_kernel(self, request: dict[str, Any], descriptors: list[int]) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        limits = request["limits"]
        if self._sandboxed:
            work = namespaces.private_filesystem(limits["scratch_bytes"], request["stage"])
            home = namespaces.SCRATCH
        else:
            home = Path(request["scratch"])
            work = namespaces.stage_files(self._stage, request["stage"], home / "work")
        namespaces.limit_resources(limits, sandboxed=self._sandboxed)
        if self._sandboxed:
            Path("/proc/self/oom_score_adj").write_text("1000")
            namespaces.drop_privileges()
        namespaces.die_with_parent(secret=self._sandboxed)
        os.chdir(work)
        os.environ.update(request["env"], HOME=str(home), TMPDIR=str(home / ".tmp"))
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        if "numpy" in sys.modules:  # forks would otherwise all draw the same numbers
            sys.modules["numpy"].random.seed()
        *sockets, alarm = descriptors
        app = kernel.wake_kernel(request["key"], sockets)
        tripwire.arm(alarm, app.shell, app.kernel)
        self._control.close()
        app.start()

    def _signal(self, signum: int) -> None:
        if self._kernel is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if not self._sandboxed and signum == signal.SIGKILL:
                os.killpg(self._kernel, signum)  # no namespace ends with it: reach its children
            os.kill(self._kernel, signum)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._kernel:
                self._kernel = None
                code = os.waitstatus_to_exitcode(status)
                cpu = used.ru_utime + used.ru_stime
                self._send(event="exit", pid=pid, status=code, reason=self._reason, cpu=cpu)

    def _watch_memory(self) -> None:
        if not self._sandboxed:
            return
        page = os.sysconf("SC_PAGE_SIZE")
        resident = 0
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) not in (1, os.getpid()):
                with contextlib.suppress(OSError, ValueError, IndexError):
                    resident += int(Path("/proc", entry, "statm").read_text().split()[1]) * page
        if resident > self._memory_limit:
            self._reason = f"all its processes together used {resident >> 20} MiB of memory"
            self._signal(signal.SIGKILL)


def _show_an_error() -> None:
    """Format one traceback, for what is set up only then: lexers, styles, caches."""
    theme = InteractiveShell.class_traits()["colors"].default_value
    try:
        raise AssertionError
    except AssertionError:
        VerboseTB(theme_name=theme, include_vars=False).text(*sys.exc_info())


def main() -> None:
    """Run as ``python -m course_grader.zygote FD SANDBOXED STAGE MODULE…``."""
    descriptor, sandboxed, stage, *modules = sys.argv[1:]
    for module in (*sorted(PRELOAD), *modules):
        importlib.import_module(module)
    if "matplotlib.pyplot" in modules:  # which leaves what draws to the first figure
        importlib.import_module("matplotlib.backends.backend_agg")
    if sandboxed == "1":
        namespaces.leave_the_network()
    shortcuts.before_forks()
    _show_an_error()
    gc.collect()
    gc.freeze()  # the forks share these objects: leave their pages alone
    control = socket.socket(fileno=int(descriptor))
    os.set_inheritable(control.fileno(), False)
    Zygote(control, sandboxed=sandboxed == "1", stage=Path(stage)).serve()


if __name__ == "__main__":
    main()
