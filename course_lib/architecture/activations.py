"""Activation functions: what a neuron makes of its weighted sum, and the slope that it passes back.

Equation of every backward here: ``dx = dy * f′(x)``.
"""

from abc import abstractmethod

import numpy as np
from numpy.typing import ArrayLike

from course_lib._checks import Array, check_array, check_fraction, keep_float32
from course_lib.architecture.layers import Layer


def _as_float(x: ArrayLike, owner: str) -> Array:
    return check_array(x, owner, "x", None, keep_float32(x))


def sigmoid(x: ArrayLike) -> Array:
    """Squash any number into (0, 1): ``σ(x) = 1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array_like of any shape

    Returns
    -------
    ndarray of the same shape
        float32 for float32, else float64. Never overflows: for negative x the equal form
        ``exp(x) / (1 + exp(x))`` is used, whose exponential stays below 1.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    x = _as_float(x, "sigmoid")
    shrunk = np.exp(-np.abs(x))  # in [0, 1], whatever x is
    y: Array = np.where(x >= 0, 1, shrunk) / (1 + shrunk)
    return y


def log_softmax(x: ArrayLike) -> Array:
    """Return the logarithm of `softmax` without forming the softmax.

    ``log_softmax(x) = x - max(x) - log(sum(exp(x - max(x))))`` along the last axis.

    Parameters
    ----------
    x : array_like of shape (..., K)
        Scores (logits) of K classes.

    Returns
    -------
    ndarray of the same shape
        At most 0; finite unless two scores lie further apart than the largest float.

    Examples
    --------
    >>> log_softmax([[1000.0, 0.0]])
    array([[    0., -1000.]])
    """
    x = _as_float(x, "log_softmax")
    if x.ndim == 0:
        raise ValueError("log_softmax expected x of shape (..., K), got ()")
    shifted = x - x.max(axis=-1, keepdims=True)
    y: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return y


def softmax(x: ArrayLike) -> Array:
    """Turn K scores into K probabilities: ``softmax(x) = exp(x) / sum(exp(x))``, last axis.

    Parameters
    ----------
    x : array_like of shape (..., K)

    Returns
    -------
    ndarray of the same shape
        At least 0, with sum 1 along the last axis. The largest score is subtracted first:
        that changes nothing in the quotient and keeps exp from overflowing.

    Examples
    --------
    >>> softmax([[0.0, 0.0], [1000.0, 0.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    x = _as_float(x, "softmax")
    if x.ndim == 0:
        raise ValueError("softmax expected x of shape (..., K), got ()")
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    y: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return y


class Activation(Layer):
    """A function applied to each number alone; y, dy and dx have the shape of x.

    Examples
    --------
    >>> class Square(Activation):
    ...     def forward(self, x, train=False):
    ...         self._kept = np.asarray(x)
    ...         return self._kept**2
    ...     def slope(self, x):
    ...         return 2 * x
    >>> layer = Square()
    >>> layer.forward([3.0])
    array([9.])
    >>> layer.backward(np.array([1.0]))
    array([6.])
    """

    def __init__(self) -> None:
        self._kept: Array | None = None

    @abstractmethod
    def slope(self, kept: Array) -> Array:
        """Return ``f′(x)`` from the array that `forward` kept."""

    def backward(self, dy: Array) -> Array:
        """Return ``dx = dy * f′(x)``."""
        kept = self._after_forward(self._kept)
        owner = f"{type(self).__name__}.backward"
        dy = check_array(dy, owner, "dy", kept.shape, kept.dtype)
        dx: Array = dy * self.slope(kept)
        return dx


class Sigmoid(Activation):
    """``y = 1 / (1 + exp(-x))``, in (0, 1).

    Examples
    --------
    >>> Sigmoid().forward([[0.0]])
    array([[0.5]])
    """

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = σ(x)``, of the same shape as x."""
        y = self._kept = sigmoid(x)
        return y

    def slope(self, y: Array) -> Array:
        """Return ``y * (1 - y)``, from the output: σ′ = σ (1 − σ)."""
        slope: Array = y * (1 - y)
        return slope


class Tanh(Activation):
    """``y = tanh(x)``, in (−1, 1).

    Examples
    --------
    >>> Tanh().forward([[0.0]])
    array([[0.]])
    """

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = tanh(x)``, of the same shape as x."""
        y = self._kept = np.tanh(_as_float(x, "Tanh"))
        return y

    def slope(self, y: Array) -> Array:
        """Return ``1 - y**2``, from the output: tanh′ = 1 − tanh²."""
        slope: Array = 1 - y**2
        return slope


class ReLU(Activation):
    """``y = max(x, 0)``: the positive part.

    References
    ----------
    Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".

    Examples
    --------
    >>> ReLU().forward([[-2.0, 3.0]])
    array([[0., 3.]])
    """

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = max(x, 0)``, of the same shape as x."""
        x = _as_float(x, "ReLU")
        y: Array = np.maximum(x, 0)
        self._kept = y
        return y

    def slope(self, y: Array) -> Array:
        """Return ``y > 0``: 1 where the input was positive, else 0; the subgradient at 0 is 0."""
        positive: Array = y > 0
        return positive


class LeakyReLU(Activation):
    """``y = max(x, leak * x)``: negative inputs are let through, made small.

    Parameters
    ----------
    leak : float, optional
        The slope for negative inputs, in [0, 1).

    References
    ----------
    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".

    Examples
    --------
    >>> LeakyReLU(0.1).forward([[-2.0, 3.0]])
    array([[-0.2,  3. ]])
    """

    def __init__(self, leak: float = 0.01) -> None:
        super().__init__()
        self.leak = check_fraction(leak, "LeakyReLU", "leak")

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = max(x, leak * x)``, of the same shape as x."""
        x = self._kept = _as_float(x, "LeakyReLU")
        leak = self.leak
        y: Array = np.maximum(x, leak * x)
        return y

    def slope(self, x: Array) -> Array:
        """Return 1 where x is positive, else `leak`."""
        return np.where(x > 0, 1, self.leak).astype(x.dtype, copy=False)

    def __repr__(self) -> str:
        return f"LeakyReLU({self.leak:g})"
