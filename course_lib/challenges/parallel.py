"""Data parallelism: workers share out a batch, each finds its part's gradient, and one averages.

Equation: ``gradient = sum_s N_s / N * gradient_s``. It is the gradient of the whole batch, because
a loss is a mean over its examples.
"""

import copy
from concurrent.futures import Executor

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_count
from course_lib.architecture.layers import Layer
from course_lib.architecture.parameter import Parameter
from course_lib.training.data import check_examples
from course_lib.training.losses import Loss

ShardResult = tuple[float, Array, list[Array]]
"""A loss, the predictions, and a gradient for each parameter."""


def sharded_gradient(
    model: Layer,
    loss_fn: Loss,
    x: ArrayLike,
    y: ArrayLike,
    *,
    shards: int,
    executor: Executor | None = None,
) -> tuple[float, list[Array]]:
    """Cut a batch into shards, and average what copies of the model find on each.

    ``gradient = sum_s N_s / N * gradient_s`` over the shards s with N_s of the N examples; the loss
    likewise. Short shards must count for less: the plain average is right only for equal ones.

    Parameters
    ----------
    model, loss_fn
        Copied for the workers, and left as they are.
    x, y : array_like of shape (N, …)
        The batch.
    shards : int
        Into how many parts to cut it; at most N are made.
    executor : concurrent.futures.Executor, optional
        Where the shards are computed: a pool of processes or threads, or a cluster through
        ``distributed.Client(address).get_executor()``. Without one: here, one after another.

    Returns
    -------
    loss : float
    gradients : list of ndarray
        One for each of ``model.parameters()``, in their order; a parameter that two layers share
        comes once.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If the data don't fit the model, or the model can't be cut: one that draws random numbers
        (dropout) or has buffers (batch normalization) computes something else on every shard.

    References
    ----------
    Dean et al. (2012), "Large scale distributed deep networks", NIPS 25.

    Examples
    --------
    >>> from course_lib.architecture import Dense
    >>> from course_lib.training.losses import MeanSquaredError
    >>> rng = np.random.default_rng(0)
    >>> model, loss_fn = Dense(3, 1, rng=rng), MeanSquaredError()
    >>> x, y = rng.normal(size=(10, 3)), rng.normal(size=(10, 1))
    >>> loss, gradients = sharded_gradient(model, loss_fn, x, y, shards=4)
    >>> np.isclose(loss, loss_fn.forward(model.forward(x), y))
    np.True_
    >>> dx = model.backward(loss_fn.backward())
    >>> [np.allclose(g, p.grad) for g, p in zip(gradients, model.parameters())]
    [True, True]
    """
    x, y = check_examples(x, y, "sharded_gradient")
    workers = Workers(model, loss_fn, shards, executor, "sharded_gradient")
    workers.try_one(x, y)
    loss, _, gradients = workers.gradient(x, y)
    return loss, gradients


class Workers:
    """Copies of a model and a loss, and the executor that runs them on shards.

    Parameters
    ----------
    model, loss_fn, shards, executor
        As for `sharded_gradient`.
    owner : str
        Who asks; appears in errors.

    Examples
    --------
    >>> from course_lib.architecture import Dense
    >>> from course_lib.training.losses import MeanSquaredError
    >>> model = Dense(1, 1, rng=np.random.default_rng(0))
    >>> workers = Workers(model, MeanSquaredError(), 2, None, "doctest")
    >>> workers.try_one(np.ones((2, 1)), np.ones((2, 1)))
    >>> loss, y_predicted, gradients = workers.gradient(np.ones((2, 1)), np.ones((2, 1)))
    >>> y_predicted.shape, len(gradients)
    ((2, 1), 2)
    """

    def __init__(
        self, model: Layer, loss_fn: Loss, shards: int, executor: Executor | None, owner: str
    ) -> None:
        if not isinstance(model, Layer):
            raise TypeError(f"{owner} expected model as a Layer, got {model!r}")
        if not isinstance(loss_fn, Loss):
            raise TypeError(f"{owner} expected loss_fn as a Loss, got {loss_fn!r}")
        if executor is not None and not isinstance(executor, Executor):
            raise TypeError(
                f"{owner} expected executor as a concurrent.futures.Executor, got {executor!r}"
            )
        if _is_random(model) or model.buffers():
            raise ValueError(
                f"{owner} expected a model without dropout and batch normalization, whose results "
                f"depend on how a batch is cut, got {model!r}"
            )
        self._shards = check_count(shards, owner, "shards")
        self._executor = executor
        self._model = model
        self._replica, self._loss_replica = copy.deepcopy((model, loss_fn))

    def try_one(self, x: Array, y: Array) -> None:
        """Pass one example through the copies, which shows whether the data fit.

        Layers remember their last batch, and that memory is sent along with every copy: one
        example makes it as small as it gets.
        """
        self._loss_replica.forward(self._replica.forward(x[:1]), y[:1])

    def gradient(self, x: Array, y: Array) -> ShardResult:
        """Return the loss, the predictions and the gradients of a batch."""
        for mine, theirs in zip(
            unique_parameters(self._replica), unique_parameters(self._model), strict=True
        ):
            mine.value[...] = theirs.value
        shards = min(self._shards, len(x))
        parts = list(zip(np.array_split(x, shards), np.array_split(y, shards), strict=True))
        originals = (self._replica, self._loss_replica)
        if self._executor is None:
            results = [_shard(*copy.deepcopy(originals), *part) for part in parts]
        else:
            # Threads would write into each other's gradients, so every shard has its own copy.
            futures = [
                self._executor.submit(_shard, *copy.deepcopy(originals), *part) for part in parts
            ]
            results = [future.result() for future in futures]
        weights = [len(part) / len(x) for part, _ in parts]  # N_s / N
        losses, predictions, gradients = zip(*results, strict=True)
        return (
            sum(weight * loss for weight, loss in zip(weights, losses, strict=True)),
            np.concatenate(predictions),
            [
                np.sum([w * g for w, g in zip(weights, shard_gradients, strict=True)], axis=0)
                for shard_gradients in zip(*gradients, strict=True)
            ],
        )


@np.errstate(over="ignore", invalid="ignore")  # an overflow is reported as divergence instead
def _shard(model: Layer, loss_fn: Loss, x: Array, y: Array) -> ShardResult:
    """Work on one shard with copies that belong to nobody else; this runs in the workers."""
    y_predicted = model.forward(x, train=True)
    loss = loss_fn.forward(y_predicted, y)
    model.zero_grad()
    model.backward(loss_fn.backward())
    return loss, y_predicted, [parameter.grad for parameter in unique_parameters(model)]


def unique_parameters(model: Layer) -> list[Parameter]:
    """Return the model's parameters in order, one that several layers share only once.

    Examples
    --------
    >>> from course_lib.architecture import Dense, Sequential
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(Dense(2, 2, rng=rng), Dense(2, 2, rng=rng))
    >>> model[1].W = model[0].W
    >>> len(model.parameters()), len(unique_parameters(model))
    (4, 3)
    """
    return list(dict.fromkeys(model.parameters()))


def _is_random(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_is_random, value))
    if isinstance(value, Layer):
        return any(map(_is_random, vars(value).values()))
    return isinstance(value, np.random.Generator)
