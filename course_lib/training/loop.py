"""The training loop: predict, measure, pass the error back, step; batch by batch, epoch by epoch.

Equation of every batch: ``W += optimizer's change of ∂loss/∂W``.
"""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, NotFiniteError, check_count, check_rng
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter
from course_lib.training.data import batches, check_examples
from course_lib.training.evaluation import Tally, evaluate
from course_lib.training.losses import Loss
from course_lib.training.optimizers import Optimizer


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the training data brought.

    Attributes
    ----------
    epoch : int
        Number of the pass, from 1.
    loss : float
        Mean over the examples, each measured just before its batch's step (with dropout on).
    accuracy : float or None
        Share of right labels, measured likewise; None if the loss has no labels.
    gradient_norm : float
        Mean over the batches of the length of the gradient of all parameters.
    seconds : float
        Time for the pass, without the validation.
    validation_loss, validation_accuracy : float or None
        Of the validation data after the pass; None without such data.

    Examples
    --------
    >>> Epoch(epoch=1, loss=0.5, accuracy=None, gradient_norm=2.0, seconds=0.1).loss
    0.5
    """

    epoch: int
    loss: float
    accuracy: float | None
    gradient_norm: float
    seconds: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


class DivergenceError(RuntimeError):
    """Training came to a loss or a gradient that is not finite; the message says where.

    Examples
    --------
    >>> issubclass(DivergenceError, RuntimeError)
    True
    """


def gradient_norm(parameters: Iterable[Parameter]) -> float:
    """Return the length ``√(sum of grad²)`` of the gradient of all parameters together.

    Examples
    --------
    >>> W, b = Parameter([[1.0]]), Parameter([1.0])
    >>> W.grad += 3.0
    >>> b.grad += 4.0
    >>> gradient_norm([W, b])
    5.0
    """
    gradients = (parameter.grad.ravel() for parameter in parameters)
    return math.sqrt(sum(float(grad.dot(grad)) for grad in gradients))


def train(
    model: Layer,
    loss_fn: Loss,
    optimizer: Optimizer,
    X: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    stop_on_divergence: bool = True,
) -> Iterator[Epoch]:
    """Train, and yield one record an epoch; stop asking for records and the training stops.

    Parameters
    ----------
    model, loss_fn, optimizer
        The network, its loss, and an optimizer of its parameters.
    X, y : array_like of shape (N, …)
        Training inputs and targets.
    epochs, batch_size : int
        Passes over the data, and examples in a step; at least 1.
    rng : numpy.random.Generator
        Draws the order of the examples in each epoch.
    validation : tuple of two array_like, optional
        Inputs and targets to evaluate after each epoch.
    stop_on_divergence : bool, optional
        If False, a batch whose loss or gradient is not finite counts as an infinite loss and makes
        no step, and the training goes on: to show a learning rate that is too large.

    Yields
    ------
    Epoch

    Raises
    ------
    TypeError, ValueError
        At the call, if an argument is of the wrong kind or the data don't fit the model.
    DivergenceError
        At a loss or gradient that is not finite.

    Examples
    --------
    >>> from course_lib.architecture import Dense
    >>> from course_lib.training.losses import MeanSquaredError
    >>> from course_lib.training.optimizers import SGD
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 1))
    >>> model = Dense(1, 1, rng=rng)
    >>> optimizer = SGD(model.parameters(), lr=0.1)
    >>> for epoch in train(model, MeanSquaredError(), optimizer, X, 3 * X + 1,
    ...                    epochs=20, batch_size=10, rng=rng):
    ...     pass
    >>> epoch.epoch, epoch.accuracy, epoch.loss < 1e-6
    (20, None, True)
    >>> model.W.value.round(2), model.b.value.round(2)
    (array([[3.]]), array([1.]))
    """
    for argument, kind in ((model, Layer), (loss_fn, Loss), (optimizer, Optimizer)):
        if not isinstance(argument, kind):
            raise TypeError(f"train expected a {kind.__name__}, got {argument!r}")
    X, y = check_examples(X, y, "train")
    epochs = check_count(epochs, "train", "epochs")
    batch_size = check_count(batch_size, "train", "batch_size")
    check_rng(rng, "train")
    held_out = None
    if validation is not None:
        if not isinstance(validation, tuple) or len(validation) != 2:
            raise TypeError("train expected validation to be a tuple of two: inputs and targets")
        held_out = check_examples(*validation, "train (validation)")
    # One example goes through now, so that data of the wrong shape are found at the call.
    for inputs, targets in [(X, y)] if held_out is None else [(X, y), held_out]:
        loss_fn.forward(model.forward(inputs[:1]), targets[:1])

    def records() -> Iterator[Epoch]:
        for epoch in range(1, epochs + 1):
            started = time.perf_counter()
            tally, norms = Tally(loss_fn), []
            for batch, (x, target) in enumerate(batches(X, y, size=batch_size, rng=rng), start=1):
                y_predicted, loss, norm = _descend(model, loss_fn, optimizer, x, target)
                if not math.isfinite(loss + norm):
                    if stop_on_divergence:
                        raise DivergenceError(
                            f"training diverged in epoch {epoch}, batch {batch}: loss {loss}, "
                            f"gradient norm {norm}. Try a smaller learning rate (now "
                            f"{optimizer.lr:g}), standardized inputs, or smaller initial weights."
                        )
                    y_predicted, loss, norm = None, math.inf, math.inf
                tally.add(loss, y_predicted, target)
                norms.append(norm)
            seconds = time.perf_counter() - started
            record = Epoch(epoch, tally.loss, tally.accuracy, sum(norms) / len(norms), seconds)
            if held_out is None:
                yield record
            else:
                loss, accuracy = validation_result(model, loss_fn, *held_out)
                yield replace(record, validation_loss=loss, validation_accuracy=accuracy)

    return records()


@np.errstate(over="ignore", invalid="ignore")  # an overflow is reported as divergence instead
def _descend(
    model: Layer, loss_fn: Loss, optimizer: Optimizer, x: Array, target: Array
) -> tuple[Array | None, float, float]:
    """Take one step, unless the loss or the gradient is not finite; return predictions and both."""
    try:
        y_predicted = model.forward(x, train=True)
        loss = loss_fn.forward(y_predicted, target)
        model.zero_grad()
        model.backward(loss_fn.backward())
    except NotFiniteError:  # from a layer that was handed an infinity or NaN
        return None, math.inf, math.inf
    norm = gradient_norm(optimizer.parameters)
    if math.isfinite(loss + norm):
        optimizer.step()
    return y_predicted, loss, norm


@np.errstate(over="ignore", invalid="ignore")
def validation_result(
    model: Layer, loss_fn: Loss, X: Array, y: Array
) -> tuple[float, float | None]:
    """Return loss and accuracy as `evaluate` does; an infinite loss where the network overflows."""
    try:
        return evaluate(model, loss_fn, X, y)
    except NotFiniteError:  # the step's own gradient was finite, but the weights are too large now
        return math.inf, None
