"""An ipykernel that wakes up in a forked process and listens on sockets that it was handed.

The listening sockets exist before the fork, so the client's first message waits in them instead of
the client waiting for the kernel; and the sandbox needs no folder that both sides can write to.
"""

from typing import Any

import zmq
from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

from course_grader import shortcuts

CHANNELS = ("shell", "iopub", "stdin", "control")
"""Channel names, in the order in which their sockets are handed over."""


class ForkedKernelApp(IPKernelApp):
    """`IPKernelApp` without a connection file, ports or heartbeat (a parent sees it die)."""

    sockets: dict[int, int]
    """Port number → file descriptor of a socket that already listens."""

    def _try_bind_socket(self, s: Any, port: int) -> int:
        s.setsockopt(zmq.USE_FD, self.sockets[port])
        s.bind(f"ipc://{self.ip}-{port}")
        return port

    def init_sockets(self) -> None:
        """Make all channels; no thread that would share the shell channel among subshells."""
        super().init_sockets()
        # Nobody asks a graded kernel for a subshell, and each message would be taken apart twice.
        self.shell_channel_thread = None

    def init_connection_file(self) -> None:
        """Nothing to read: the parent told us all."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Nothing to write: the client knows already."""

    def init_heartbeat(self) -> None:
        """No heartbeat: the provisioner learns of the kernel's end from its parent."""

    def cleanup_connection_file(self) -> None:
        """Nothing was written."""

    def log_connection_info(self) -> None:
        """Nobody reads it."""


def wake_kernel(key: str, descriptors: list[int]) -> ForkedKernelApp:
    """Return a kernel that signs with `key` and is ready for its ``start()``."""
    # After 10 s a slow kernel complains on stderr, which costs a graded cell its points.
    OutStream.flush_timeout = 100
    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    config.Session.key = key.encode()
    app: Any = ForkedKernelApp.instance(
        config=config,
        transport="ipc",
        ip="kernel",
        **{f"{name}_port": port for port, name in enumerate(CHANNELS, 1)},
    )
    app.sockets = dict(enumerate(descriptors, 1))
    app.initialize([])
    app.log.setLevel(app.log_level)  # it takes in all, and its handler then drops nearly all
    shortcuts.in_kernel(app.shell)
    return app
