"""Where submissions are graded: processes on this machine, or a Dask cluster.

Both are `concurrent.futures` executors, so the coordinator doesn't care.
"""

import multiprocessing
import multiprocessing.connection
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

from course_grader import warm_start


class SchedulerUnavailable(RuntimeError):
    """Why the Dask scheduler cannot be used, in one line."""


def local_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of `workers` processes that die with this one, however it dies."""
    warm_start.start_forkserver()
    return ProcessPoolExecutor(workers, mp_context=warm_start.context, initializer=_follow_parent)


def cluster(address: str) -> Executor:
    """Return an executor that hands its work to the Dask cluster behind a scheduler.

    Raises
    ------
    SchedulerUnavailable
        If `distributed` is not installed or nothing answers at the address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise SchedulerUnavailable(
            "--scheduler needs Dask: pip install 'principles-of-neural-networks[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise SchedulerUnavailable(f"no Dask scheduler answers at {address}: {error}") from None
    return _Cluster(client)


class _Cluster(Executor):
    """Dask's own executor, together with the connection that it needs."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor: Executor = client.get_executor(pure=False, retries=2)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a call to the cluster."""
        return self._executor.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of the cluster; it goes on without us."""
        self._executor.shutdown(wait=wait)
        self._client.close()


def grade(job: str) -> str:
    """Grade one submission; the function that travels to the workers."""
    from course_grader import worker  # who only hands out work need not load what does it

    return worker.grade(job)


def _follow_parent() -> None:
    """Leave when the coordinator is gone; a pool's processes would wait for it for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        multiprocessing.connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="follow-parent").start()
