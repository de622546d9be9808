"""The training loop with every batch shared out among workers: the same steps, more hands.

Equation: ``W += optimizer's change of sum_s N_s / N * gradient_s``.
"""

import math
import time
from collections.abc import Iterator
from concurrent.futures import Executor

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, NotFiniteError, check_count, check_rng
from course_lib.architecture.layers import Layer
from course_lib.challenges.parallel import Workers, unique_parameters
from course_lib.training.data import batches, check_examples
from course_lib.training.evaluation import Tally
from course_lib.training.loop import DivergenceError, Epoch, gradient_norm, validation_result
from course_lib.training.losses import Loss
from course_lib.training.optimizers import Optimizer


def train_parallel(
    model: Layer,
    loss_fn: Loss,
    optimizer: Optimizer,
    X: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    shards: int,
    executor: Executor | None = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
) -> Iterator[Epoch]:
    """Train as `train` does, with every batch shared out among the workers of an executor.

    Up to rounding, the steps are those of `train` with an equal `rng`, whatever the number of
    shards: each waits for all shards of its batch (synchronous descent).

    Parameters
    ----------
    model, loss_fn, optimizer, X, y, epochs, batch_size, rng, validation
        As for `train`.
    shards, executor
        As for `sharded_gradient`. Shards pay only when their computation takes longer than
        sending them a copy of the model.

    Yields
    ------
    Epoch

    Raises
    ------
    TypeError, ValueError
        At the call, as for `train` and `sharded_gradient`.
    DivergenceError
        At a loss or gradient that is not finite.

    References
    ----------
    Dean et al. (2012), "Large scale distributed deep networks", NIPS 25.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from course_lib.architecture import Dense
    >>> from course_lib.training.losses import MeanSquaredError
    >>> from course_lib.training.optimizers import SGD
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 1))
    >>> model = Dense(1, 1, rng=rng)
    >>> optimizer = SGD(model.parameters(), lr=0.1)
    >>> with ThreadPoolExecutor(2) as executor:
    ...     for epoch in train_parallel(model, MeanSquaredError(), optimizer, X, 3 * X + 1, rng=rng,
    ...                                 epochs=20, batch_size=10, shards=2, executor=executor):
    ...         pass
    >>> model.W.value.round(2), model.b.value.round(2)
    (array([[3.]]), array([1.]))
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"train_parallel expected an Optimizer, got {optimizer!r}")
    X, y = check_examples(X, y, "train_parallel")
    epochs = check_count(epochs, "train_parallel", "epochs")
    batch_size = check_count(batch_size, "train_parallel", "batch_size")
    check_rng(rng, "train_parallel")
    workers = Workers(model, loss_fn, shards, executor, "train_parallel")
    held_out = None
    if validation is not None:
        if not isinstance(validation, tuple) or len(validation) != 2:
            raise TypeError(
                "train_parallel expected validation to be a tuple of two: inputs and targets"
            )
        held_out = check_examples(*validation, "train_parallel (validation)")
        workers.try_one(*held_out)
    workers.try_one(X, y)

    def run() -> Iterator[Epoch]:
        for epoch in range(1, epochs + 1):
            started = time.perf_counter()
            tally, norms = Tally(loss_fn), []
            for batch, (x, target) in enumerate(batches(X, y, size=batch_size, rng=rng), start=1):
                loss, y_predicted, norm = _descend(workers, model, optimizer, x, target)
                if not math.isfinite(loss + norm):
                    raise DivergenceError(
                        f"training diverged in epoch {epoch}, batch {batch}: loss {loss}, gradient "
                        f"norm {norm}. Try a smaller learning rate (now {optimizer.lr:g})."
                    )
                tally.add(loss, y_predicted, target)
                norms.append(norm)
            seconds = time.perf_counter() - started
            norm = sum(norms) / len(norms)
            scores = (
                (None, None) if held_out is None else validation_result(model, loss_fn, *held_out)
            )
            yield Epoch(epoch, tally.loss, tally.accuracy, norm, seconds, *scores)

    return run()


@np.errstate(over="ignore", invalid="ignore")  # an overflow is reported as divergence instead
def _descend(
    workers: Workers, model: Layer, optimizer: Optimizer, x: Array, y: Array
) -> tuple[float, Array | None, float]:
    """Take one step, unless the loss or the gradient is not finite."""
    try:
        loss, y_predicted, gradients = workers.gradient(x, y)
    except NotFiniteError:
        return math.inf, None, math.inf
    model.zero_grad()
    for parameter, gradient in zip(unique_parameters(model), gradients, strict=True):
        parameter.grad += gradient
    norm = gradient_norm(optimizer.parameters)
    if math.isfinite(loss + norm):
        optimizer.step()
    return loss, y_predicted, norm
