"""A loss says in one number how wrong a batch of predictions is, and how to make them less wrong.

Equation: ``loss = mean of the examples' losses``; `backward` returns ``∂loss/∂y_predicted``.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib._checks import (
    Array,
    Cached,
    after_forward,
    as_array,
    check_array,
    check_labels,
    keep_float32,
)
from course_lib.architecture.activations import log_softmax, sigmoid


class Loss(ABC):
    """What every loss can do. `forward` keeps what `backward` needs.

    Examples
    --------
    >>> issubclass(SoftmaxCrossEntropy, Loss)
    True
    """

    @abstractmethod
    def forward(self, y_predicted: ArrayLike, target: ArrayLike) -> float:
        """Return the loss, averaged over the batch."""

    @abstractmethod
    def backward(self) -> Array:
        """Return ``∂loss/∂y_predicted`` for the last `forward`, of the shape of y_predicted."""

    def labels(self, y_predicted: Array) -> NDArray[np.int64] | None:
        """Return the labels that the predictions stand for; None if the task has no labels."""
        return None

    def _after_forward(self, cached: Cached | None) -> Cached:
        return after_forward(cached, type(self).__name__)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class MeanSquaredError(Loss):
    """``loss = mean((y_predicted - target)**2)``, for targets that are quantities.

    The mean runs over all numbers of the batch. Both arrays must have the same shape: between
    (N, 1) and (N,) NumPy would broadcast to (N, N) and compare each example with every other.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), *Deep Learning*, section 5.1.4.

    Examples
    --------
    >>> loss_fn = MeanSquaredError()
    >>> loss_fn.forward([[1.0], [2.0]], [[1.0], [4.0]])
    2.0
    >>> loss_fn.backward()
    array([[ 0.], [-2.]])
    """

    def __init__(self) -> None:
        self._error: Array | None = None

    def forward(self, y_predicted: ArrayLike, target: ArrayLike) -> float:
        """Return ``mean((y_predicted - target)**2)``; both arrays have the same shape (N, …)."""
        dtype = keep_float32(y_predicted)
        y_predicted = check_array(y_predicted, "MeanSquaredError", "y_predicted", None, dtype)
        if y_predicted.ndim == 0:
            raise ValueError("MeanSquaredError expected y_predicted of shape (N, …), got ()")
        target = check_array(target, "MeanSquaredError", "target", y_predicted.shape, dtype)
        error = self._error = y_predicted - target
        return float((error**2).mean())

    def backward(self) -> Array:
        """Return ``2 * (y_predicted - target) / size``; size counts all numbers of the batch."""
        error = self._after_forward(self._error)
        dy: Array = 2 * error / error.size
        return dy


class BinaryCrossEntropy(Loss):
    """``loss = mean(-log(p of the right label))`` with ``p(1) = σ(z)``, for labels 0 and 1.

    The network ends in logits z, not in a sigmoid: ``max(z, 0) - z * y + log(1 + exp(-abs(z)))``
    equals ``-y * log(σ(z)) - (1 - y) * log(1 - σ(z))``, and never takes the logarithm of 0.

    References
    ----------
    Bishop (2006), *Pattern Recognition and Machine Learning*, equation 4.90.

    Examples
    --------
    >>> loss_fn = BinaryCrossEntropy()
    >>> loss_fn.forward([0.0, 1000.0], [1, 0])  # (log(2) + 1000) / 2
    500.34657359027995
    >>> loss_fn.backward()
    array([-0.25,  0.5 ])
    """

    def __init__(self) -> None:
        self._z: Array | None = None
        self._y: Array | None = None

    def forward(self, y_predicted: ArrayLike, target: ArrayLike) -> float:
        """Return ``mean(max(z, 0) - z * y + log(1 + exp(-abs(z))))``.

        Parameters
        ----------
        y_predicted : array_like of shape (N,) or (N, 1)
            The logits z.
        target : array_like of shape (N,)
            Integer labels y, 0 or 1.
        """
        name, dtype = "BinaryCrossEntropy", keep_float32(y_predicted)
        z = check_array(y_predicted, name, "y_predicted", None, dtype)
        if z.ndim == 0 or z.shape not in ((len(z),), (len(z), 1)):
            raise ValueError(f"{name} expected y_predicted of shape (N,) or (N, 1), got {z.shape}")
        y = check_labels(target, name, "target", size=len(z), classes=2)
        y = y.reshape(z.shape).astype(z.dtype)
        self._z, self._y = z, y
        return float((np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean())

    def backward(self) -> Array:
        """Return ``(σ(z) - y) / N``, of the shape of the logits."""
        z, y = self._after_forward(self._z), self._after_forward(self._y)
        dz: Array = (sigmoid(z) - y) / len(z)
        return dz

    def labels(self, y_predicted: Array) -> NDArray[np.int64]:
        """Return 1 where the logit is above 0 (σ(z) > ½), else 0; shape (N,)."""
        return (y_predicted.reshape(len(y_predicted)) > 0).astype(np.int64)


class SoftmaxCrossEntropy(Loss):
    """``loss = mean(-log_softmax(z)[y])``: minus the log-probability of the right one of K classes.

    References
    ----------
    Bishop (2006), *Pattern Recognition and Machine Learning*, equations 4.108 and 4.109.

    Examples
    --------
    >>> loss_fn = SoftmaxCrossEntropy()
    >>> loss_fn.forward([[0.0, 0.0], [1000.0, 0.0]], [0, 1])  # (log(2) + 1000) / 2
    500.34657359027995
    >>> loss_fn.backward()
    array([[-0.25,  0.25],
           [ 0.5 , -0.5 ]])
    """

    def __init__(self) -> None:
        self._log_p: Array | None = None
        self._y: NDArray[np.int64] | None = None

    def forward(self, y_predicted: ArrayLike, target: ArrayLike) -> float:
        """Return ``mean(-log_softmax(z)[y])``.

        Parameters
        ----------
        y_predicted : array_like of shape (..., K)
            The logits z: (N, K) for labelled examples, (N, T, K) for labelled sequences.
        target : array_like of shape (...)
            Integer labels y, 0 … K − 1; one for each row of logits.
        """
        name, dtype = "SoftmaxCrossEntropy", keep_float32(y_predicted)
        z = check_array(y_predicted, name, "y_predicted", None, dtype)
        y = as_array(target, name, "target")
        if z.ndim < 2 or y.shape != z.shape[:-1]:
            raise ValueError(
                f"{name} expected y_predicted of shape (..., K) and target of shape (...), "
                f"got {z.shape} and {y.shape}"
            )
        classes = z.shape[-1]
        y = check_labels(y.reshape(-1), name, "target", size=y.size, classes=classes)
        log_p = log_softmax(z)
        self._log_p, self._y = log_p, y
        return -float(log_p.reshape(-1, classes)[np.arange(len(y)), y].sum()) / len(y)

    def backward(self) -> Array:
        """Return ``(softmax(z) - one_hot(y)) / N``; N counts the rows of logits."""
        log_p, y = self._after_forward(self._log_p), self._after_forward(self._y)
        dz: Array = np.exp(log_p)
        dz.reshape(len(y), -1)[np.arange(len(y)), y] -= 1
        dz /= len(y)
        return dz

    def labels(self, y_predicted: Array) -> NDArray[np.int64]:
        """Return the class with the largest logit, of shape (...)."""
        best: NDArray[np.int64] = y_predicted.argmax(axis=-1)
        return best
