"""Normalization: shift and scale signals to mean 0 and variance 1, then let learning choose anew.

Equation: ``x_hat = (x - mean) / std`` and ``y = gamma * x_hat + beta``; batch normalization takes
mean and std over the batch, layer normalization over the features of one example.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_lib._checks import Array, check_array, check_count, check_positive
from course_lib.architecture import Layer, Parameter


def _normalization_backward(dx_hat: Array, x_hat: Array, std: Array, axis: int) -> Array:
    """Return dx where mean and std were computed from x along `axis`.

    ``dx = (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)) / std``: what would move the mean
    or the spread is taken out of the gradient, since normalization undoes it anyway.
    """
    drift = dx_hat.mean(axis, keepdims=True)
    stretch = (dx_hat * x_hat).mean(axis, keepdims=True)
    dx: Array = (dx_hat - drift - x_hat * stretch) / std
    return dx


class _Normalization(Layer):
    """What both have in common: gamma, beta and the small number that keeps std above 0."""

    def __init__(
        self, features: int, *, epsilon: float = 1e-5, dtype: DTypeLike = np.float64
    ) -> None:
        owner = type(self).__name__
        features = check_count(features, owner, "features")
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(f"{owner} expected dtype float32 or float64, got {np.dtype(dtype)}")
        self.epsilon = check_positive(epsilon, owner, "epsilon")
        self.gamma = Parameter(np.ones(features, dtype))
        self.beta = Parameter(np.zeros(features, dtype))
        self._x_hat: Array | None = None
        self._std: Array | None = None

    def parameters(self) -> list[Parameter]:
        """Return gamma, then beta."""
        return [self.gamma, self.beta]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.gamma.value.size})"


class BatchNorm(_Normalization):
    """Batch normalization: each feature gets mean 0 and variance 1 over the batch.

    Parameters
    ----------
    features : int
        Number D of features.
    momentum : float, optional
        Share of the newest batch in the running statistics, in (0, 1].
    epsilon : float, optional
        Added to the variance, so that a constant feature is not divided by 0; above 0.
    dtype : dtype, optional
        float64 (default) or float32.

    Attributes
    ----------
    gamma, beta : Parameter of shape (D,)
        Scale and shift of the output; 1 and 0 at first.
    running_mean, running_var : ndarray of shape (D,)
        What `forward` uses instead of the batch when it does not train. Saved, not learned.

    Raises
    ------
    ValueError, TypeError
        If an array or option doesn't fit; in training also for a batch of 1, whose variance is 0.
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Ioffe and Szegedy (2015), "Batch normalization: accelerating deep network training by
    reducing internal covariate shift", algorithms 1 and 2.

    Examples
    --------
    >>> layer = BatchNorm(1)
    >>> layer.forward([[1.0], [3.0]], train=True).round(3)
    array([[-1.], [ 1.]])
    >>> layer.running_mean, layer.running_var
    (array([0.2]), array([1.1]))
    """

    def __init__(
        self,
        features: int,
        *,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__(features, epsilon=epsilon, dtype=dtype)
        if not 0 < momentum <= 1:
            raise ValueError(f"BatchNorm expected momentum in (0, 1], got {momentum}")
        self.momentum = momentum
        self.running_mean: Array = np.zeros_like(self.gamma.value)
        self.running_var: Array = np.ones_like(self.gamma.value)
        self._from_batch = False

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = gamma * (x - mean) / sqrt(var + epsilon) + beta``; x and y are (N, D).

        In training, mean and var are those of the batch, and the running ones move towards them:
        ``running += momentum * (batch - running)``, with the unbiased variance (divided by N − 1).
        """
        gamma, beta, epsilon = self.gamma.value, self.beta.value, self.epsilon
        x = check_array(x, "BatchNorm", "x", ("N", gamma.size), gamma.dtype)
        if train:
            if len(x) < 2:
                raise ValueError("BatchNorm expected a batch of at least 2 to train on, got 1")
            mean, var = x.mean(axis=0), x.var(axis=0)  # (D,)
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (x.var(axis=0, ddof=1) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        std = np.sqrt(var + epsilon)
        x_hat = (x - mean) / std
        y: Array = gamma * x_hat + beta
        self._x_hat, self._std, self._from_batch = x_hat, std, train
        return y

    def backward(self, dy: Array) -> Array:
        """Add ``dgamma = (dy * x_hat).sum(axis=0)`` and ``dbeta = dy.sum(axis=0)``; return dx.

        In training ``dx = (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)) / std`` with
        ``dx_hat = dy * gamma``, since mean and std depend on x; else ``dx = dx_hat / std``.
        """
        x_hat, std = self._after_forward(self._x_hat), self._after_forward(self._std)
        dy = check_array(dy, "BatchNorm.backward", "dy", x_hat.shape, x_hat.dtype)
        self.gamma.grad += (dy * x_hat).sum(axis=0)
        self.beta.grad += dy.sum(axis=0)
        dx_hat = dy * self.gamma.value
        if self._from_batch:
            return _normalization_backward(dx_hat, x_hat, std, axis=0)
        dx: Array = dx_hat / std
        return dx

    def buffers(self) -> list[Array]:
        """Return the running mean, then the running variance."""
        return [self.running_mean, self.running_var]


class LayerNorm(_Normalization):
    """Layer normalization: each example gets mean 0 and variance 1 over its features.

    Knows no batch: it computes the same in training and after, and for a batch of 1.

    Parameters
    ----------
    features : int
        Number D of features, the last axis.
    epsilon : float, optional
        Added to the variance; above 0.
    dtype : dtype, optional
        float64 (default) or float32.

    Attributes
    ----------
    gamma, beta : Parameter of shape (D,)

    Raises
    ------
    ValueError, TypeError
        If an array or option doesn't fit.
    RuntimeError
        From `backward` before `forward`.

    References
    ----------
    Ba, Kiros and Hinton (2016), "Layer normalization", equations 3 and 4.

    Examples
    --------
    >>> LayerNorm(2).forward([[1.0, 3.0], [10.0, 0.0]]).round(3)
    array([[-1.,  1.],
           [ 1., -1.]])
    """

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return ``y = gamma * (x - mean) / sqrt(var + epsilon) + beta`` along the last axis.

        x has shape (N, D) or (N, T, D), y has the same.
        """
        gamma, beta, epsilon = self.gamma.value, self.beta.value, self.epsilon
        shape = ("N", "T", gamma.size) if np.ndim(x) == 3 else ("N", gamma.size)
        x = check_array(x, "LayerNorm", "x", shape, gamma.dtype)
        mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)  # (N, …, 1)
        std = np.sqrt(var + epsilon)
        x_hat = (x - mean) / std
        y: Array = gamma * x_hat + beta
        self._x_hat, self._std = x_hat, std
        return y

    def backward(self, dy: Array) -> Array:
        """Add ``dgamma = sum(dy * x_hat)`` and ``dbeta = sum(dy)`` over all but D; return dx.

        ``dx = (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)) / std`` with
        ``dx_hat = dy * gamma``, means along the last axis.
        """
        x_hat, std = self._after_forward(self._x_hat), self._after_forward(self._std)
        dy = check_array(dy, "LayerNorm.backward", "dy", x_hat.shape, x_hat.dtype)
        rest = tuple(range(dy.ndim - 1))
        self.gamma.grad += (dy * x_hat).sum(axis=rest)
        self.beta.grad += dy.sum(axis=rest)
        dx_hat = dy * self.gamma.value
        return _normalization_backward(dx_hat, x_hat, std, axis=-1)
