"""Measurements of the chapter on scale: what a shared step costs here, and would cost elsewhere.

Equation of a step on p workers that add their gradients up in a ring:
``seconds = compute / p + (p - 1) / p * send``.
"""

import time
from collections.abc import Callable
from concurrent.futures import Executor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, ReLU, Sequential
from course_lib.challenges import sharded_gradient, shift_images
from course_lib.datasets import load_digits
from course_lib.training import SoftmaxCrossEntropy

TRIES = 3  # of each measurement; the fastest counts, because other programs only ever slow it down


def new_network(*, rng: np.random.Generator) -> Sequential:
    """Build a network whose steps are worth sharing: about 300,000 weights of 4 bytes.

    Examples
    --------
    >>> model = new_network(rng=np.random.default_rng(0))
    >>> sum(p.value.size for p in model.parameters())
    301066
    """
    widths = (64, 512, 512, 10)
    first, second, last = (
        Dense(inputs, outputs, rng=rng, dtype=np.float32) for inputs, outputs in pairwise(widths)
    )
    return Sequential(first, ReLU(), second, ReLU(), last)


def many_digits(examples: int, *, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    """Return any number of digits: real ones, each moved by up to one pixel.

    Examples
    --------
    >>> x, y = many_digits(4_096, rng=np.random.default_rng(0))
    >>> x.shape, x.dtype, len(y)
    ((4096, 64), dtype('float32'), 4096)
    """
    X, y = load_digits()
    rows = rng.integers(len(X), size=examples)
    x = shift_images(X[rows].reshape(-1, 1, 8, 8), 1, rng=rng)
    return x.reshape(examples, 64).astype(np.float32), y[rows]


def compute_seconds(examples: int) -> float:
    """Return how long one worker takes for the gradient of a batch that it has at hand.

    Examples
    --------
    >>> 0 < compute_seconds(4) < compute_seconds(2_048)
    True
    """
    rng = np.random.default_rng(0)
    model, loss_fn = new_network(rng=rng), SoftmaxCrossEntropy()
    x, y = many_digits(examples, rng=rng)

    def step() -> None:
        loss_fn.forward(model.forward(x, train=True), y)
        model.zero_grad()
        model.backward(loss_fn.backward())

    return fastest(step)


def step_seconds(examples: int, *, shards: int, executor: Executor) -> float:
    """Return how long it takes until the shards of a batch are sent, computed and averaged.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as executor:
    ...     step_seconds(8, shards=2, executor=executor) > 0
    True
    """
    rng = np.random.default_rng(0)
    model, loss_fn = new_network(rng=rng), SoftmaxCrossEntropy()
    x, y = many_digits(examples, rng=rng)

    def step() -> None:
        sharded_gradient(model, loss_fn, x, y, shards=shards, executor=executor)

    return fastest(step)


def fastest(step: Callable[[], None]) -> float:
    """Return the seconds of the fastest of a few runs.

    Examples
    --------
    >>> fastest(lambda: None) >= 0
    True
    """
    seconds = []
    for _ in range(TRIES):
        started = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def coordinator_step(p: Array | float, compute: float, send: float) -> Array | float:
    """Return the seconds of a step when one process serves p workers, one after another.

    ``seconds = compute / p + p * send``

    Parameters
    ----------
    p : ndarray or float
        Workers, at least 1.
    compute : float
        Seconds that one worker needs for the whole batch.
    send : float
        Seconds for the weights to go out to one worker and its gradients to come back.

    Returns
    -------
    ndarray or float
        Like p.

    Examples
    --------
    >>> coordinator_step(4, compute=1.0, send=0.01)
    0.29
    """
    return compute / p + p * send


def ring_step(p: Array | float, compute: float, send: float) -> Array | float:
    """Return the seconds of a step when p workers pass pieces of their gradients round a ring.

    ``seconds = compute / p + (p - 1) / p * send``

    The gradient is cut into p pieces, and each worker passes one on 2 (p - 1) times: once round to
    add them up, once round to hand out the sums. As `send` is the time for a whole gradient out
    and one back, a piece takes ``send / (2 p)``.

    Parameters
    ----------
    p, compute, send
        As for `coordinator_step`.

    Returns
    -------
    ndarray or float
        Like p.

    References
    ----------
    Patarasuk and Yuan (2009), "Bandwidth optimal all-reduce algorithms for clusters of
    workstations", Journal of Parallel and Distributed Computing 69(2).

    Examples
    --------
    >>> ring_step(4, compute=1.0, send=0.01)
    0.2575
    """
    return compute / p + (p - 1) / p * send
