"""Time functions fairly: in turns, so that a busy moment of the machine hits all of them alike."""

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from threadpoolctl import threadpool_limits

try:
    import torch
except ImportError:  # an extra that `make oracle` installs; rows say when it is missing
    torch = None


class Row(NamedTuple):
    """One line of the results: course_lib against a rival, in seconds.

    A rival that is not installed has None for `rival_seconds` and `ratio`.
    """

    name: str
    threads: int
    seconds: float
    rival: str
    rival_seconds: float | None
    ratio: float | None


def thread_counts() -> list[int]:
    """Return the numbers of threads to measure with: one, and all cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return sorted({1, cores or 1})


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let BLAS, OpenMP and PyTorch use `count` threads inside the block."""
    before = torch.get_num_threads() if torch else count
    with threadpool_limits(count):
        if torch:
            torch.set_num_threads(count)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


def medians(contenders: dict[str, Callable[[], object]], *, repeats: int) -> dict[str, float]:
    """Return each function's median time in seconds over `repeats` rounds, all taking turns.

    Each is called twice before the clock counts. The garbage collector waits meanwhile.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
        run()
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(repeats):
            for name, run in contenders.items():
                start = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - start)
    finally:
        if collecting:
            gc.enable()
    return {name: statistics.median(values) for name, values in times.items()}


def compare(
    name: str,
    contenders: dict[str, Callable[[], object]],
    *,
    threads_used: int,
    repeats: int,
    missing: tuple[str, ...] = (),
) -> list[Row]:
    """Time the first contender, which is course_lib, against each other one.

    Parameters
    ----------
    name : str
        What is timed.
    contenders : dict
        Name → function without arguments.
    threads_used, repeats : int
        As for `threads` and `medians`.
    missing : tuple of str
        Rivals that are not installed; each gets a row that says so.
    """
    with threads(threads_used):
        seconds = medians(contenders, repeats=repeats)
    (_, ours), *rivals = seconds.items()
    rows = [Row(name, threads_used, ours, rival, theirs, ours / theirs) for rival, theirs in rivals]
    return rows + [Row(name, threads_used, ours, rival, None, None) for rival in missing]
