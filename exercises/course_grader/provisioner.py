"""Warm kernels through Jupyter's own extension point: a provisioner that forks.

Registered as the entry point ``course-grader-fork`` of ``jupyter_client.kernel_provisioners``.
"""

import asyncio
import signal
import time
from collections.abc import Mapping
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from course_grader.kernel import CHANNELS
from course_grader.parent import ForkedKernel, KernelLost, Limits, Zygote

_KILL_SECONDS = 5.0


class ForkProvisioner(KernelProvisionerBase):
    """Starts a kernel by asking the manager's zygote for a fork."""

    _kernel: ForkedKernel | None = None

    @property
    def _zygote(self) -> Zygote:
        return self.parent.zygote  # type: ignore[union-attr]

    @property
    def has_process(self) -> bool:
        """Whether a kernel was launched and not yet seen off."""
        return self._kernel is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """No command line to prepare."""
        return {"cmd": [], **kwargs}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel; its sockets listen already when this returns."""
        manager: Any = self.parent
        kernel = self._zygote.launch(
            stage=manager.stage, env=manager.kernel_env, limits=manager.limits
        )
        self._kernel = kernel
        info: Any = {
            "transport": "ipc",
            "ip": kernel.address,
            "key": kernel.key.encode(),
            "signature_scheme": "hmac-sha256",
            "hb_port": len(CHANNELS) + 1,
            **{f"{name}_port": port for port, name in enumerate(CHANNELS, 1)},
        }
        self.connection_info = info
        manager.load_connection_info(info)
        manager.forked = kernel
        return self.connection_info

    async def poll(self) -> int | None:
        """Return None while the kernel runs, else its exit status."""
        return 0 if self._kernel is None else self._zygote.poll(self._kernel)

    async def wait(self) -> int | None:
        """Wait until the kernel ended, then forget it."""
        while (status := await self.poll()) is None:
            await asyncio.sleep(0.02)
        self._forget()
        return status

    async def send_signal(self, signum: int) -> None:
        """Pass a signal on to the kernel."""
        if self._kernel is not None:
            self._zygote.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel, and with its namespace all that it started."""
        if self._kernel is not None:
            self._zygote.signal(signal.SIGKILL)
            self._zygote.poll(self._kernel, timeout=_KILL_SECONDS)

    async def terminate(self, restart: bool = False) -> None:
        """Do what `kill` does: nothing in a graded kernel is worth a farewell."""
        await self.kill(restart=restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what is left of an ended kernel."""
        self._forget()

    def _forget(self) -> None:
        if self._kernel is not None:
            self._zygote.forget(self._kernel)
            self._kernel = None


class WarmKernelClient(AsyncKernelClient):
    """Waits for the kernel no longer than it takes.

    The stock client sends `kernel_info` and then lets 0.2 s pass in silence; this one goes on as
    soon as the kernel has answered *and* said that it is idle again.
    """

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """Start all channels but the heartbeat, which a forked kernel doesn't have."""
        super().start_channels(hb=False)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return when the kernel answered and is idle, or raise `KernelLost`."""
        deadline = time.monotonic() + (60.0 if timeout is None else timeout)
        while time.monotonic() < deadline:
            request = self.kernel_info()
            if await self._hear(self.shell_channel, request, "kernel_info_reply") and (
                await self._hear(self.iopub_channel, request, "status")
            ):
                return
            if not await self.parent.is_alive():  # type: ignore[union-attr]
                forked = self.parent.forked  # type: ignore[union-attr]
                raise KernelLost(f"the kernel ended before its first answer: {forked.reason}")
        raise KernelLost(f"the kernel gave no answer within {timeout} s")

    async def _hear(self, channel: Any, request: str, kind: str) -> bool:
        try:
            while True:
                message: Mapping[str, Any] = await channel.get_msg(timeout=1)
                if message["parent_header"].get("msg_id") != request or message["msg_type"] != kind:
                    continue
                if message["content"].get("execution_state", "idle") == "idle":
                    return True
        except Empty:
            return False


class WarmKernelManager(AsyncKernelManager):
    """A kernel manager whose Python kernels are forks of `zygote`."""

    zygote: Zygote
    stage: str | None = None
    kernel_env: Mapping[str, str] = {}
    limits: Limits = Limits()
    forked: ForkedKernel | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.transport = "ipc"
        self.client_factory = WarmKernelClient

    @property
    def kernel_spec(self) -> KernelSpec:
        """A Python kernelspec that names our provisioner."""
        return KernelSpec(
            argv=[],
            display_name="Python 3 (forked)",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": "course-grader-fork"}},
        )

    def _reconcile_connection_info(self, info: KernelConnectionInfo) -> None:
        """No connection file: nobody else shall find this kernel."""
